import { join } from "node:path"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { inject } from "vitest"
import { launchChromium } from "../chromium.ts"
import type { Person } from "../every-page/world.ts"
import { onRedis } from "../people.ts"
import {
  alchemyFor,
  createAccount,
  migrateDatabase,
  type Running,
  type Server,
  startServer,
  temporaryDirectory,
} from "../processes.ts"
import { signInAndDecide } from "../stand-in.ts"
import { createPostgresDatabase } from "../start-postgres.ts"
import { freePort } from "../start-redis.ts"
import { type Mailbox, openMailbox } from "./mailbox.ts"

/** What a server keeps its accounts in. */
export type DatabaseName = "SQLite" | "PostgreSQL"

/** For `describe.each`: the databases that can be run here. */
export const DATABASES: readonly DatabaseName[] =
  inject("postgresUrl") === null ? ["SQLite"] : ["SQLite", "PostgreSQL"]

/** For `describe.each`: a browser that runs scripts, and one that does not. */
export const WITH_AND_WITHOUT_SCRIPTS = [
  ["JavaScript", true],
  ["no JavaScript", false],
] as const

export type Machine = ReturnType<typeof alchemyFor>

/** A server process with a mail server and one Chromium beside it. */
export type PeopleWorld = {
  server: Server
  mailbox: Mailbox
  browser: Browser
  /** The environment that starts a second server of this kind: on the same database, where that is PostgreSQL. */
  env: Record<string, string>
  path: string
  /** Somebody new, with an account that the operator has made: its email counts as verified. */
  newPerson(): Promise<Person>
  /** Somebody new, without an account. */
  stranger(domain?: string): Person
  /** The `alchemy` command on a machine with nothing on it. */
  newMachine(): Machine
  /** A page in a browser of somebody's own, with no cookie and at an address of its own. */
  newPage(options?: BrowserContextOptions): Promise<Page>
  remove(): Promise<void>
}

/**
 * @param name a word of the test file's own
 * @param options.redis the number of a Redis database for codes and sessions; in the server's own file where left out
 * @param options.mailbox the mail server; one that takes mail from anybody where left out
 * @param options.port of the server; a free one where left out
 * @param options.env what the server is told besides
 */
export async function openPeopleWorld(
  database: DatabaseName,
  name: string,
  options: { redis?: number; mailbox?: Mailbox; port?: number; env?: Record<string, string> } = {},
): Promise<PeopleWorld> {
  const [directory, port, mailbox, browser, databaseEnv] = await Promise.all([
    temporaryDirectory(name),
    options.port ?? freePort(),
    options.mailbox ?? openMailbox(),
    launchChromium(),
    database === "SQLite" ? {} : onPostgres(name),
  ])
  const env = {
    AUTHCHEMY_TRUSTED_PROXIES: "127.0.0.1,::1",
    AUTHCHEMY_BREACHED_PASSWORDS_URL: "off",
    AUTHCHEMY_SMTP_URL: mailbox.url,
    ...databaseEnv,
    ...(options.redis === undefined ? {} : onRedis(options.redis)),
    ...options.env,
  }
  const server = await startServer({ dataDirectory: join(directory.path, "server"), port, env })
  let [people, visitors, machines] = [0, 0, 0]
  const stranger: PeopleWorld["stranger"] = (domain = "example.com") => ({
    email: `person-${++people}@${domain}`,
    password: `a long password of ${people}`,
    name: `Person ${people}`,
  })
  return {
    ...{ server, mailbox, browser, env, path: directory.path, stranger },
    newPerson: async () => {
      const person = stranger()
      await createAccount(server, person)
      return person
    },
    newMachine: () =>
      alchemyFor({ home: join(directory.path, `machine-${++machines}`), authUrl: server.url }),
    newPage: async (contextOptions) => {
      visitors++
      const address = `203.0.${113 + Math.floor(visitors / 250)}.${visitors % 250}`
      const extraHTTPHeaders = { "X-Forwarded-For": address }
      const context = await browser.newContext({ extraHTTPHeaders, ...contextOptions })
      context.setDefaultTimeout(15_000)
      return context.newPage()
    },
    remove: async () => {
      await browser.close()
      await Promise.all([server.stop(), mailbox.close()])
      await directory.remove()
    },
  }
}

async function onPostgres(name: string): Promise<Record<string, string>> {
  const env = {
    AUTHCHEMY_DATABASE_URL: await createPostgresDatabase(inject("postgresUrl") ?? "", name),
    AUTHCHEMY_SECRET: "the-secret-of-the-servers-of-these-tests",
  }
  await migrateDatabase(env)
  return env
}

/** `alchemy auth login` that waits for an approval, and the address that it shows. */
export async function startLogin(machine: Machine): Promise<{ login: Running; url: string }> {
  const login = machine.start("auth", "login", "--no-browser", "--port", "0")
  const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
  return { login, url }
}

/** Signs a machine in, with somebody who needs no look at the pages. */
export async function signMachineIn(machine: Machine, person: Person): Promise<void> {
  const { login, url } = await startLogin(machine)
  await signInAndDecide(person, url)
  const { code, stderr } = await login.finished
  if (code !== 0) throw new Error(`the sign-in ended with ${code}:\n${stderr}`)
}

/** What `alchemy auth status` says of the sign-in. */
export async function stateOf(machine: Machine): Promise<string> {
  const { stdout } = await machine.run("auth", "status")
  return (JSON.parse(stdout) as { state: string }).state
}
