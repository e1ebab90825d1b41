import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core"
import { launchChromium } from "../chromium.ts"
import { type Mailbox, openMailbox } from "../people/mailbox.ts"
import { startUpstream, type Upstream } from "../people/provider.ts"
import { alchemyFor, createAccount, type Server, startServer, temporaryDirectory } from "../processes.ts"
import { freePort } from "../start-redis.ts"

export type Person = { email: string; password: string; name: string }

/** Somebody who has everything. */
export const ADA: Person = {
  email: "ada@example.com",
  password: "correct horse battery",
  name: "Ada Lovelace",
}
/** Somebody who is new: her account is made on the pages. */
export const GRACE: Person = {
  email: "grace@example.com",
  password: "another long password",
  name: "Grace Hopper",
}

/** Addresses for people and programs (RFC 5737, RFC 1918, RFC 3849). */
export const ADDRESSES = {
  home: "203.0.113.7",
  office: "192.168.20.14",
  elsewhere: "198.51.100.24",
  guesser: "198.51.100.99",
  cloud: "2001:db8:4:19::1f",
} as const

/** The servers whose pages are looked at, one browser, and all that surrounds them. */
export type PagesWorld = {
  browser: Browser
  /** Has everything switched on: mail, two providers (one of them out of reach), older clients, a client that is a web site. */
  server: Server
  /** Has nothing but its defaults. */
  plain: Server
  /** Has a name, a logo and an accent of its own, and lets only one mail domain in. */
  branded: Server
  mailbox: Mailbox
  upstream: Upstream
  /** The `alchemy` command on a machine with nothing on it. */
  newMachine(name: string): Promise<ReturnType<typeof alchemyFor>>
  /** A browser of somebody's own, with no cookie. @param address where it seems to be */
  newVisitor(address: string, options?: BrowserContextOptions): Promise<BrowserContext>
  remove(): Promise<void>
}

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#7c3aed"/><path d="M9 22V10l14 12V10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`

/** Behind these, every browser can say where it is. */
const BEHIND_A_PROXY = { AUTHCHEMY_TRUSTED_PROXIES: "127.0.0.1,::1", AUTHCHEMY_BREACHED_PASSWORDS_URL: "off" }

/** @param watch is told of each visitor before they see anything */
export async function openPagesWorld(
  watch: (visitor: BrowserContext) => void = () => {},
): Promise<PagesWorld> {
  const directory = await temporaryDirectory("pages")
  const at = (name: string) => join(directory.path, name)
  const [port, mailbox] = [await freePort(), await openMailbox()]
  const upstream = await startUpstream({
    callback: `http://localhost:${port}/sign-in/providers/example/callback`,
    people: [],
  })
  const { issuer, clientId, clientSecret } = upstream
  const providers = [
    { id: "example", name: "Example Company", issuer, clientId, clientSecret },
    // Nothing listens there: port 9 is "discard", and loopback refuses it.
    { id: "elsewhere", name: "Elsewhere", issuer: "http://127.0.0.1:9", clientId, clientSecret },
  ]
  await Promise.all([
    writeFile(at("providers.json"), JSON.stringify(providers)),
    writeFile(at("clients.json"), JSON.stringify({ clients: [DASHBOARD] })),
    writeFile(at("logo.svg"), LOGO),
  ])
  const start = (name: string, env: Record<string, string>, onPort?: number) =>
    startServer({
      dataDirectory: at(name),
      env: { ...BEHIND_A_PROXY, ...env },
      ...(onPort === undefined ? {} : { port: onPort }),
    })
  const [browser, server, plain, branded] = await Promise.all([
    launchChromium(),
    start(
      "server",
      {
        AUTHCHEMY_SMTP_URL: mailbox.url,
        AUTHCHEMY_PROVIDERS_FILE: at("providers.json"),
        AUTHCHEMY_CLIENTS_FILE: at("clients.json"),
        AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE: "true",
      },
      port,
    ),
    start("plain", {}),
    start("branded", {
      AUTHCHEMY_SITE_NAME: "Northwind Tools",
      AUTHCHEMY_ACCENT: "#7c3aed",
      AUTHCHEMY_LOGO_FILE: at("logo.svg"),
      AUTHCHEMY_ALLOW_SIGN_UP: "northwind.example",
      AUTHCHEMY_VERIFY_EMAIL: "true",
    }),
  ])
  await createAccount(server, ADA)
  return {
    ...{ browser, server, plain, branded, mailbox, upstream },
    newMachine: async (name) => {
      await mkdir(at(name))
      return alchemyFor({ home: at(name), authUrl: server.url })
    },
    newVisitor: async (address, options) => {
      const visitor = await browser.newContext({
        ...options,
        extraHTTPHeaders: { "X-Forwarded-For": address },
      })
      watch(visitor)
      return visitor
    },
    remove: async () => {
      await browser.close()
      await Promise.all([server.stop(), plain.stop(), branded.stop(), mailbox.close(), upstream.close()])
      await directory.remove()
    },
  }
}

/** A web site, registered as docs/clients.md has it. */
export const DASHBOARD = {
  id: "dashboard",
  name: "Dashboard",
  redirectUris: ["https://dashboard.example.com/oauth/callback"],
  secretDigest: "YXyNtW_Fe34R6aDp_VgGbQp1tzjqxZ2LRlBV1YXrtdM",
}
