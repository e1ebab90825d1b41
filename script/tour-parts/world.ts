import { chmod, mkdir, readFile, writeFile } from "node:fs/promises"
import { delimiter, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { createAccount, run, type Server, startServer, temporaryDirectory } from "../../e2e/processes.ts"
import { compareAndDecide, signInAndDecide } from "../../e2e/stand-in.ts"
import { listen } from "./listen.ts"
import { type HeldClock, TOUR_BEGINS } from "./machine.ts"

const root = resolve(import.meta.dirname, "../..")

const CONFIG = ".config/alchemy/config.json"

/** The names of apps that can be searched for: none of their words is ever part of an id. */
const SEEDED_LAST = ["Garden chairs", "Garden seeds", "Garden tools"]

export const ADA = { email: "ada@example.com", password: "correct horse battery", name: "Ada Lovelace" }
export const GRACE = { email: "grace@example.com", password: "another long password", name: "Grace Hopper" }
export type Person = typeof ADA

/** A real server with two accounts, one machine, and the tour's clock. */
export type World = {
  /** Where the machine's home and everything else is. */
  directory: string
  home: string
  url: string
  /** The environment of the machine: nothing of the caller's but the search path. */
  env: Record<string, string>
  /** Puts the clock forward; two minutes where nothing is said, so that what a step before has done is more than a minute ago. */
  later(milliseconds?: number): Promise<void>
  stopServer(): Promise<void>
  startServer(): Promise<void>
  /** Goes where the terminal says and decides; an address, or the address for codes with one. */
  decide(
    seen: { url: string } | { code: string },
    decision: "Approve" | "Deny",
    person?: Person,
  ): Promise<void>
  /** A session of a person's on another machine. @returns its token */
  signInElsewhere(person?: Person): Promise<string>
  /** Calls the admin API with a token. */
  api(token: string, method: string, path: string, body?: unknown): Promise<unknown>
  /** The token that the machine has stored with the default profile. */
  token(): Promise<string>
  /** Writes a file below the home directory. */
  write(path: string, text: string): Promise<void>
  makeDirectory(path: string): Promise<void>
  /** Lets others read the config file, as a careless copy does. */
  exposeConfig(): Promise<void>
  /** The id of the account's oldest app. */
  firstApp(): Promise<string>
  appNamed(name: string): Promise<string>
  /** Creates so many apps: `Shop 1` and so on, and three for the garden. */
  seedApps(count: number): Promise<void>
  /** The id of the account of a token. */
  accountId(token: string): Promise<string>
  makeAccessKey(name: string): Promise<{ id: string; key: string }>
  /** Resolves once nothing is pending on the machine any more. */
  isDelivered(): Promise<void>
  /** Stands before the server and takes its time. @returns its URL */
  slowServer(milliseconds: number): Promise<string>
  /** A package registry that knows one version. @returns its URL */
  registry(version: string): Promise<string>
  remove(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const temporary = await temporaryDirectory("tour")
  const directory = temporary.path
  const home = join(directory, "home")
  await mkdir(home)
  const clockFile = join(directory, "clock")
  let at = TOUR_BEGINS
  let elsewhereCount = 0
  const setClock = () => writeFile(clockFile, JSON.stringify({ at, since: Date.now() } satisfies HeldClock))
  await setClock()
  const held = {
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, "held-machine.ts"))}`,
    TOUR_CLOCK: clockFile,
  }
  const serverEnv = { ...held, TOUR_CLOCK_RUNS: "1" }
  const dataDirectory = join(directory, "server")
  let server: Server = await startServer({ dataDirectory, env: serverEnv })
  for (const person of [ADA, GRACE]) await createAccount(server, person)
  const { url, port } = server
  const env = {
    ...held,
    HOME: home,
    LANG: "C.UTF-8",
    PATH: [join(root, "bin"), process.env.PATH ?? ""].join(delimiter),
    ALCHEMY_AUTH_URL: url,
    // A browser can be opened here, and does nothing: the person is a program.
    BROWSER: "true",
  }
  const helpers: { close(): void }[] = []
  const serve = (answer: (path: string, init: RequestInit) => Promise<Response>) =>
    listen(answer, () => at).then((listening) => {
      helpers.push(listening)
      return listening.url
    })
  const decide: World["decide"] = async (seen, decision, person = ADA) => {
    if ("url" in seen) await signInAndDecide(person, seen.url, decision)
    else await compareAndDecide(person, `${url}/device?user_code=${seen.code}`, decision)
  }
  const api: World["api"] = async (secret, method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? undefined : ((await response.json()) as { data: unknown }).data
  }
  const config = async () => JSON.parse(await readFile(join(home, CONFIG), "utf8")) as Record<string, unknown>
  const token = async () => String((await config()).auth_token)
  const allApps = async () =>
    ((await api(await token(), "GET", "/v1/apps?limit=100")) as { apps: { id: string; name: string }[] }).apps
  return {
    directory,
    home,
    url,
    env,
    later: async (milliseconds = 120_000) => {
      at += milliseconds
      await setClock()
    },
    stopServer: async () => {
      await server.stop()
    },
    startServer: async () => {
      server = await startServer({ dataDirectory, port, env: serverEnv })
    },
    decide,
    async signInElsewhere(person = ADA) {
      const elsewhere = { ...env, ALCHEMY_CONFIG: join(directory, `elsewhere-${++elsewhereCount}.json`) }
      const alchemy = join(root, "bin/alchemy")
      const login = run(alchemy, ["auth", "login", "--no-browser", "--port", "0"], { env: elsewhere })
      const [, address = ""] = await login.shows(/"url":"([^"]+)"/)
      await decide({ url: address }, "Approve", person)
      await login.finished
      return (await run(alchemy, ["auth", "token"], { env: elsewhere }).finished).stdout.trim()
    },
    api,
    token,
    write: (path, text) => writeFile(join(home, path), text),
    makeDirectory: async (path) => {
      await mkdir(join(home, path), { recursive: true })
    },
    exposeConfig: () => chmod(join(home, CONFIG), 0o644),
    async firstApp() {
      const [app] = await allApps()
      return app?.id ?? ""
    },
    async appNamed(name) {
      return (await allApps()).find((app) => app.name === name)?.id ?? ""
    },
    async seedApps(count) {
      const owner = await token()
      const shops = Array.from({ length: count - SEEDED_LAST.length }, (_, index) => `Shop ${index + 1}`)
      for (const name of [...shops, ...SEEDED_LAST]) {
        await api(owner, "POST", "/v1/apps", { name, chainNetworks: ["ETH_MAINNET"] })
      }
    },
    accountId: async (secret) =>
      ((await api(secret, "GET", "/v1/me")) as { account: { id: string } }).account.id,
    makeAccessKey: async (name) =>
      (await api(await token(), "POST", "/v1/access-keys", { name })) as { id: string; key: string },
    async isDelivered() {
      for (let looks = 0; "pending_revocations" in (await config()); looks++) {
        if (looks > 600) throw new Error("a sign-out has not reached the server")
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    slowServer: (milliseconds) =>
      serve(async (path, init) => {
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        return fetch(url + path, init)
      }),
    registry: (version) =>
      serve(async () => Response.json({ latest: version, "dist-tags": { latest: version }, version })),
    remove: async () => {
      for (const helper of helpers) helper.close()
      await server.stop()
      await temporary.remove()
    },
  }
}
