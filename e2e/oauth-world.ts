import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join, resolve } from "node:path"
import { digestOf } from "@authchemy/tokens"
import { ada, createWorld, type World } from "./people.ts"
import { run, temporaryDirectory } from "./processes.ts"
import { createStandIn, type Page, type StandIn, signInAndDecide } from "./stand-in.ts"

/** A client that the server knows: `secret` is `null` where it is public. */
export type RegisteredClient = { id: string; secret: string | null }

/** A world with registered OAuth clients, and a browser in which Ada is signed in. */
export type OAuthWorld = World & {
  browser: StandIn
  clients: {
    /** Public: codes, refreshes, device codes. */
    cli: RegisteredClient
    /** Confidential: codes, refreshes. */
    dashboard: RegisteredClient
    /** Confidential: codes, refreshes; its secret has the characters that clients encode in different ways. */
    awkward: RegisteredClient
    /** Public: as `cli`, and must use DPoP. */
    vault: RegisteredClient
    /** Confidential: may introspect, and nothing else. */
    api: RegisteredClient
  }
}

/** Loopback addresses without a port: any will match. */
const REDIRECT_URIS = ["http://127.0.0.1/callback", "http://localhost/callback"]
const GRANTS = ["authorization_code", "refresh_token", "device_code"]

const AWKWARD = { id: "awkward", secret: "p+q/r=%41%zz:s&t~u?v'w(x)y*z0123456789" }
const API = { id: "api", secret: "the secret of the API that introspects".replaceAll(" ", "-") }

/** What stands in the clients file; `cli` and `dashboard` are registered on the command line. */
const FILE = {
  clients: [
    { id: "awkward", name: "Awkward", redirectUris: REDIRECT_URIS, secretDigest: digestOf(AWKWARD.secret) },
    { id: "vault", name: "Vault", redirectUris: REDIRECT_URIS, grants: GRANTS, requireDpop: true },
    { id: "api", name: "API", secretDigest: digestOf(API.secret), resourceServer: true },
  ],
}

/** Starts a server as `createWorld` does, with the clients registered and Ada signed in. */
export async function createOAuthWorld(name: string, env: Record<string, string> = {}): Promise<OAuthWorld> {
  const files = await temporaryDirectory(`${name}-clients`)
  const clientsFile = join(files.path, "clients.json")
  await writeFile(clientsFile, JSON.stringify(FILE))
  const world = await createWorld(name, { AUTHCHEMY_CLIENTS_FILE: clientsFile, ...env })
  const redirects = REDIRECT_URIS.flatMap((uri) => ["--redirect-uri", uri])
  const grants = GRANTS.flatMap((grant) => ["--grant", grant])
  const browser = createStandIn()
  const [cli, dashboard] = await Promise.all([
    addClient(world, "cli", ...redirects, ...grants),
    addClient(world, "dashboard", ...redirects, "--confidential"),
    signIn(world, browser),
  ])
  const clients = { cli, dashboard, awkward: AWKWARD, vault: { id: "vault", secret: null }, api: API }
  const { remove } = world
  return Object.assign(world, {
    ...{ browser, clients },
    remove: async () => {
      await remove()
      await files.remove()
    },
  })
}

async function signIn(world: World, browser: StandIn): Promise<void> {
  const page = await browser.open(`${world.server.url}/sign-in`)
  await browser.press(page, "Sign in", { Email: ada.email, Password: ada.password })
}

async function addClient(world: World, id: string, ...flags: string[]): Promise<RegisteredClient> {
  const args = ["clients", "add", id, "--name", `The ${id}`, ...flags]
  const command = resolve(import.meta.dirname, "../bin/authchemy")
  const finished = await run(command, args, { env: world.server.env }).finished
  if (finished.code !== 0) throw new Error(`clients add ${id}: ${finished.stderr}`)
  return { id, secret: /^alchemy_cs_\S+$/m.exec(finished.stdout)?.[0] ?? null }
}

/** A client's listener at a free loopback port, waiting for the browser. */
export type RedirectListener = {
  redirectUri: string
  /** The address that the browser came to, exactly as it came. */
  arrived: Promise<URL>
  stop: () => void
}

/** @param host what stands in the redirect URI */
export async function listenForRedirect(
  host: "127.0.0.1" | "localhost" = "127.0.0.1",
): Promise<RedirectListener> {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<URL>()
  const listener = createServer((request, response) => {
    arrive(new URL(request.url ?? "/", origin))
    response.end("You may close this window.")
  })
  listener.listen(0, host)
  await once(listener, "listening")
  const origin = `http://${host}:${(listener.address() as AddressInfo).port}`
  return { redirectUri: `${origin}/callback`, arrived, stop: () => listener.close() }
}

/** Ada, signed in, decides on an authorization URL. Gives the redirect that reached the listener. */
export async function decideOn(
  { browser }: OAuthWorld,
  url: string,
  listener: RedirectListener,
  decision: "Approve" | "Deny" = "Approve",
): Promise<URL> {
  await signInAndDecide(ada, url, decision, browser)
  return listener.arrived
}

/** Ada, signed in, types a user code, or opens the address that has it in, and decides. */
export async function decideOnDevice(
  { browser }: OAuthWorld,
  device: { verification_uri: string; verification_uri_complete?: string; user_code: string },
  options: { decision?: "Approve" | "Deny"; types?: boolean } = {},
): Promise<Page> {
  const { decision = "Approve", types = false } = options
  const start = await browser.open(
    types ? device.verification_uri : (device.verification_uri_complete ?? device.verification_uri),
  )
  const asked = await browser.press(start, "Continue", types ? { Code: device.user_code } : {})
  return browser.press(asked, decision)
}
