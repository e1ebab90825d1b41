import { mkdir, readdir, readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Client } from "pg"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { statusWith } from "./people.ts"
import { migrateDatabase, run, type Server, startServer, temporaryDirectory } from "./processes.ts"
import { createStandIn } from "./stand-in.ts"
import { createPostgresDatabase } from "./start-postgres.ts"

const folder = resolve(import.meta.dirname, "../packages/authchemy/src/database/earlier-schemas")

/** What somebody had at a server of then; `script/earlier-schema.ts` writes it down. */
type Kept = { cookie: string; appId: string; accessKey: string; clientId: string | null; token?: string }

type Known = {
  secret: string
  email: string
  password: string
  name: string
  sqlite: Kept
  postgres?: Kept
}

const files = await readdir(folder)
const schemas = await Promise.all(
  files
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map(async (file) => {
      const known: Known = JSON.parse(await readFile(join(folder, file), "utf8"))
      return { schema: file.replace(".json", ""), known }
    }),
)

const textOf = (schema: string, kind: "sqlite" | "postgres") =>
  readFile(join(folder, `${schema}.${kind}.sql`), "utf8")

/** What has run out since the schema was kept runs out an hour from now: the tables stay as they were, the time of then does not come again. */
const LATER = new Date(Date.now() + 60 * 60 * 1000)

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeAll(async () => {
  directory = await temporaryDirectory("earlier-schemas")
})
afterAll(() => directory.remove())

async function expectAllToWork(server: Server, known: Known, kept: Kept) {
  const get = (path: string, headers: Record<string, string>) => fetch(`${server.url}${path}`, { headers })
  const sessions = await get("/sessions", { cookie: kept.cookie, accept: "text/html" })
  expect(await sessions.text()).toContain(known.email)

  const browser = createStandIn()
  const fields = { Email: known.email, Password: known.password }
  const page = await browser.open(`${server.url}/sign-in?return_to=/sessions`)
  expect((await browser.press(page, "Sign in", fields)).text).toContain(known.email)

  expect(await statusWith(server, kept.accessKey)).toBe(200)
  const apps = await get("/v1/apps", { authorization: `Bearer ${kept.accessKey}` })
  expect(await apps.text()).toContain(kept.appId)
  if (kept.token !== undefined) expect(await statusWith(server, kept.token)).toBe(200)
  if (kept.clientId !== null) {
    const clients = await run("bin/authchemy", ["clients", "list"], { env: server.env }).finished
    expect(clients.stdout).toContain(`${kept.clientId}\t`)
  }
}

describe.each(schemas)("a database of $schema", ({ schema, known }) => {
  test("on SQLite is brought up to date by the server that starts on it, and all goes on working", async () => {
    const dataDirectory = join(directory.path, schema)
    await mkdir(dataDirectory)
    const database = new DatabaseSync(join(dataDirectory, "authchemy.db"))
    database.exec(await textOf(schema, "sqlite"))
    database.prepare(`UPDATE "session" SET "expiresAt" = ?`).run(LATER.toISOString())
    database.prepare("UPDATE authchemy_sessions SET expires_at = ?").run(LATER.getTime())
    database.close()
    const server = await startServer({ dataDirectory, env: { AUTHCHEMY_SECRET: known.secret } })
    try {
      await expectAllToWork(server, known, known.sqlite)
    } finally {
      await server.stop()
    }
  })

  const { postgres } = known
  test.skipIf(postgres === undefined || inject("postgresUrl") === null)(
    "on PostgreSQL is refused by the server, brought up to date by command, and all goes on working",
    async () => {
      if (postgres === undefined) return
      const url = await createPostgresDatabase(inject("postgresUrl") ?? "", `earlier_${schema}`)
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(await textOf(schema, "postgres"))
      await client.query(`UPDATE "session" SET "expiresAt" = $1`, [LATER])
      await client.end()
      const dataDirectory = join(directory.path, `${schema}-postgres`)
      const env = { AUTHCHEMY_DATABASE_URL: url, AUTHCHEMY_SECRET: known.secret }
      const start = () => startServer({ dataDirectory, env })
      await expect(start()).rejects.toThrow(/The database is not up to date: .* Run: authchemy migrate\n$/)
      await migrateDatabase(env)
      const server = await start()
      try {
        await expectAllToWork(server, known, postgres)
      } finally {
        await server.stop()
      }
    },
  )
})
