import type { html } from "hono/html"
import type { ScriptName } from "./site.ts"

/** A piece of markup. Values put into `html` templates are escaped unless they are markup themselves. */
export type Markup = ReturnType<typeof html>

/** The pages of somebody who is signed in, in the order of the menu. */
export const SECTIONS = {
  sessions: { path: "/sessions", title: "Sessions" },
  accessKeys: { path: "/access-keys", title: "Access keys" },
  apps: { path: "/apps", title: "Apps" },
  security: { path: "/security", title: "Security" },
  activity: { path: "/activity", title: "Activity" },
} as const
export type Section = keyof typeof SECTIONS

/** A page without its frame. */
export type Page = {
  /** Says in the browser's tab what the page is, or what went wrong; the site's name comes after it. */
  title: string
  content: Markup
  /** A page of somebody who is signed in, with the menu; `null` section: one that is in no part of it. */
  signedIn?: { account: { email: string; name: string }; section: Section | null }
  scripts?: readonly ScriptName[]
}
