import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { accentShades } from "./accent.ts"

/** How the operator has the pages look. */
export type Brand = {
  name: string
  /** The bytes of an SVG, PNG, JPEG or WebP image, or `null` for the server's own mark. */
  logo: { type: string; body: Uint8Array<ArrayBuffer> } | null
  /** `#rrggbb`, or `null` for the server's own colour. */
  accent: string | null
}

/** A file that pages load. Its path changes with its content, so browsers keep it for good. */
export type Asset = { path: string; type: string; body: string | Uint8Array<ArrayBuffer> }

/** The scripts that there are; a page names those that it needs. */
export type ScriptName = "passkeys" | "copy"

/** What all pages have in common. */
export type Site = {
  name: string
  style: Asset
  icon: Asset
  scripts: Readonly<Record<ScriptName, Asset>>
  /** Whether accounts are the built-in ones, which people look after on a page of their own. */
  hasSecurityPage: boolean
}

/** The mark: a flask, in the accent colour. */
const MARK = (accent: string, on: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${accent}"/><path d="M13 7h6m-5 0v6.2L8.6 22.4A1.8 1.8 0 0 0 10.2 25h11.6a1.8 1.8 0 0 0 1.6-2.6L18 13.2V7M11.4 18.5h9.2" fill="none" stroke="${on}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`

/** The darkest and the lightest ground that text in the accent colour stands on, as in `style.css`. */
const GROUNDS = { light: "#f4f6f6", dark: "#182221" }
const OWN_ACCENT = "#0f766e"

/** Puts together what all pages have in common. Reads the assets beside this module. */
export function createSite(brand: Brand, options: { hasSecurityPage: boolean }): Site {
  const { light, dark } = accentShades(brand.accent ?? OWN_ACCENT, GROUNDS)
  const style = `${withoutIndentation(readAsset("style.css"))}
:root { --accent: ${light.accent}; --accent-strong: ${light.strong}; --on-accent: ${light.on}; }
@media (prefers-color-scheme: dark) { :root { --accent: ${dark.accent}; --accent-strong: ${dark.strong}; --on-accent: ${dark.on}; } }
`
  const script = (name: ScriptName) =>
    assetOf(`${name}.js`, "text/javascript; charset=utf-8", readAsset(`${name}.js`))
  return {
    name: brand.name,
    style: assetOf("style.css", "text/css; charset=utf-8", style),
    icon: iconOf(brand, light.accent, light.on),
    scripts: { passkeys: script("passkeys"), copy: script("copy") },
    ...options,
  }
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/svg+xml": "svg",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
}

function iconOf({ logo }: Brand, accent: string, on: string): Asset {
  if (logo === null) return assetOf("icon.svg", "image/svg+xml", MARK(accent, on))
  return assetOf(`icon.${EXTENSIONS[logo.type]}`, logo.type, logo.body)
}

/** What is sent of a style sheet: a sixth less. */
function withoutIndentation(css: string): string {
  return css.replace(/\s*\n\s*/g, "\n").replace(/(?<=[{};,])\n/g, "")
}

function readAsset(name: string): string {
  return readFileSync(new URL(`../assets/${name}`, import.meta.url), "utf8")
}

/** @param name with its extension; the path has a digest of the content before it */
function assetOf(name: string, type: string, body: Asset["body"]): Asset {
  const digest = createHash("sha256").update(body).digest("hex").slice(0, 12)
  const dot = name.lastIndexOf(".")
  return { path: `/assets/${name.slice(0, dot)}-${digest}${name.slice(dot)}`, type, body }
}
