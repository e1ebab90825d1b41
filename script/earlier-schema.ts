// Keeps the schema of a checkout for the tests of migrations: starts its server on SQLite and on PostgreSQL, puts a little into every table as people would, and writes both
// databases as SQL, with what must still work, to packages/authchemy/src/database/earlier-schemas. To be run before a migration is added, with a PostgreSQL installed:
//   node --conditions=authchemy-source script/earlier-schema.ts [checkout, this one where left out]
import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { Client } from "pg"
import { run, temporaryDirectory } from "../e2e/processes.ts"
import { createStandIn } from "../e2e/stand-in.ts"
import { createPostgresDatabase, startPostgres } from "../e2e/start-postgres.ts"
import { freePort } from "../e2e/start-redis.ts"

const here = resolve(import.meta.dirname, "..")
const checkout = resolve(process.argv[2] ?? here)
const target = join(here, "packages/authchemy/src/database/earlier-schemas")

const ADA = { email: "ada@example.com", password: "correct horse battery", name: "Ada Lovelace" }
const SECRET = "the-secret-of-a-server-of-before-000"
const CLIENT = "fixture-cli"
const DAYS = 24 * 60 * 60

const THEN = "2026-11-28T00:00:00.000Z"
/** Rows of an account for tables that nothing fills in a run as short as this one. Where such a table changes, its row does. */
const fillersOf = (account: string): Record<string, Record<string, string | number>> => ({
  verification: { id: "v1", identifier: "a", value: "b", expiresAt: THEN, createdAt: THEN, updatedAt: THEN },
  twoFactor: { id: "t1", secret: "a", backupCodes: "b", userId: account },
  webhook_delivery: { id: "w1", body: "{}", attempts: 1, next_attempt_at: THEN },
  access_key_address: { key_id: "key_1", network: "192.0.2.1", first_used_at: THEN },
  audit_event: {
    id: "e1",
    at: THEN,
    type: "sign_in.succeeded",
    device: "{}",
    actor: "account",
    details: "{}",
  },
  passkey: {
    ...{ id: "p1", account_id: account, user_handle: "a", public_key: "b", counter: 1, transports: "[]" },
    ...{ name: "Passkey", device_type: "singleDevice", backed_up: 0, created_at: THEN },
  },
  provider_identity: {
    ...{ provider_id: "acme", issuer: "https://acme.example", subject: "ada" },
    ...{ account_id: account, created_at: THEN },
  },
})

/** What fills a table that is empty, as SQL. */
function fillerOf(table: string, account: string): string {
  const row = fillersOf(account)[table]
  if (row === undefined)
    throw new Error(`${table} is empty: fill it as people would, or add a row to fillersOf`)
  const columns = Object.keys(row).map((column) => `"${column}"`)
  const values = Object.values(row).map((value) => (typeof value === "number" ? value : `'${value}'`))
  return `INSERT INTO "${table}" (${columns.join(", ")}) VALUES (${values.join(", ")})`
}

/** Whether a table is the token engine's, whose rows come and go. */
const isTransient = (table: string) => table.startsWith("authchemy_")

const { migrations } = await import(join(checkout, "packages/authchemy/src/database/migrations.ts"))
const { parseConfig } = await import(join(checkout, "packages/authchemy/src/config.ts"))
const { createTokenService, openStore } = await import(join(checkout, "packages/tokens/src/index.ts"))
const { ALCHEMY_GRANT } = await import(join(checkout, "packages/protocol/src/index.ts"))
const state = Object.keys(migrations).sort().at(-1)

/** Fills a database by a server of the checkout. @returns what must work on it from now on */
async function fill(directory: string, more: Record<string, string>) {
  const port = await freePort()
  const env = {
    AUTHCHEMY_PORT: String(port),
    AUTHCHEMY_DATA_DIR: directory,
    AUTHCHEMY_SECRET: SECRET,
    ...more,
  }
  const authchemy = (args: string[], input = "") => run(join(checkout, "bin/authchemy"), args, { env, input })
  const succeed = async (args: string[], input?: string) => {
    const { code, stdout, stderr } = await authchemy(args, input).finished
    if (code !== 0) throw new Error(`authchemy ${args.join(" ")}: ${stderr}`)
    return stdout
  }
  if (more.AUTHCHEMY_DATABASE_URL !== undefined) await authchemy(["migrate"]).finished
  const server = authchemy([])
  await server.shows(/listening/)
  try {
    const created = await succeed(
      ["accounts", "create", "--email", ADA.email, "--name", ADA.name, "--password-stdin"],
      `${ADA.password}\n`,
    )
    const accountId = /id (\S+)/.exec(created)?.[1] ?? ""
    const issuer = `http://localhost:${port}`
    const cookie = await signInAsBrowser(issuer)
    const token = await signInAsCommand(accountId)
    const call = async (path: string, body: object) => {
      const answer = await fetch(`${issuer}/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      })
      if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return ((await answer.json()) as { data: { id: string; key?: string } }).data
    }
    const app = await call("/apps", { name: "First", chainNetworks: ["ETH_MAINNET"] })
    const { key } = await call("/access-keys", { name: "CI" })
    const hasClients = "002-clients" in migrations
    if (hasClients) await succeed(["clients", "add", CLIENT, "--name", "Fixture", "--grant", "device_code"])
    const clientId = hasClients ? CLIENT : null
    const isSqlite = more.AUTHCHEMY_DATABASE_URL === undefined
    return { accountId, cookie, appId: app.id, accessKey: key, clientId, ...(isSqlite ? { token } : {}) }
  } finally {
    server.child.kill()
    await server.finished
  }

  /** @returns the cookie of the session */
  async function signInAsBrowser(issuer: string): Promise<string> {
    const seen: string[] = []
    const browser = createStandIn({
      fetch: async (...request) => {
        const response = await fetch(...request)
        seen.push(...response.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? ""))
        return response
      },
    })
    const page = await browser.open(`${issuer}/sign-in`)
    await browser.press(page, "Sign in", { Email: ADA.email, Password: ADA.password })
    const cookie = seen.findLast((pair) => pair.startsWith("authchemy.session_token="))
    if (cookie === undefined) throw new Error("no browser session")
    return cookie
  }

  async function signInAsCommand(accountId: string): Promise<string> {
    const { dataDirectory } = parseConfig(env)
    const store = await openStore({ sqlitePath: join(dataDirectory, "authchemy.db"), redisUrl: null })
    const tokens = createTokenService({ store })
    const device = { name: "laptop", os: "Linux" }
    const session = { ...ALCHEMY_GRANT, accountId, device, expiresInSeconds: 90 * DAYS }
    const issued: { token: string } = await tokens.createSession(session)
    await tokens.close()
    return issued.token
  }
}

function dumpSqlite(path: string, account: string): string {
  const database = new DatabaseSync(path)
  const objects = database
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY type <> 'table', rowid",
    )
    .all() as { type: string; name: string; sql: string }[]
  const rowsOf = (table: string) => {
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)").all(table)
    const quoted = columns.map(({ name }) => `quote("${name}")`).join(" || ', ' || ")
    const rows = database.prepare(`SELECT ${quoted} AS row FROM "${table}"`).all()
    return rows.map(({ row }) => `INSERT INTO "${table}" VALUES (${row});`)
  }
  const tables = objects.filter(({ type }) => type === "table")
  for (const { name } of tables) {
    if (rowsOf(name).length === 0 && !isTransient(name)) database.exec(fillerOf(name, account))
  }
  const lines = [
    ...objects.map(({ sql }) => `${sql.replace(/\s*\n\s*/g, " ")};`),
    ...tables.flatMap(({ name }) => rowsOf(name)),
  ]
  database.close()
  return `${lines.join("\n")}\n`
}

async function dumpPostgres(url: string, account: string): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const tables = await client.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
  for (const { name } of tables.rows) {
    const { rows } = await client.query(`SELECT 1 FROM "${name}" LIMIT 1`)
    if (rows.length === 0) await client.query(fillerOf(name, account))
  }
  await client.end()
  const flags = ["--inserts", "--no-owner", "--no-privileges", "--no-comments"]
  const { stdout } = await promisify(execFile)("pg_dump", [...flags, url])
  const needless = /^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict.*|)$/
  return `${stdout
    .split("\n")
    .filter((line) => !needless.test(line))
    .join("\n")}\n`
}

const temporary = await temporaryDirectory("earlier-schema")
const postgres = await startPostgres()
if (postgres === null) throw new Error("PostgreSQL is not installed")
try {
  const directory = join(temporary.path, "sqlite")
  const sqlite = await fill(directory, {})
  await writeFile(
    join(target, `${state}.sqlite.sql`),
    dumpSqlite(join(directory, "authchemy.db"), sqlite.accountId),
  )
  const known: Record<string, unknown> = { madeAt: new Date().toISOString(), secret: SECRET, ...ADA, sqlite }
  // The first servers had no PostgreSQL.
  if ("databaseUrl" in parseConfig({ HOME: temporary.path })) {
    const url = await createPostgresDatabase(postgres.url, "earlier")
    const filled = await fill(join(temporary.path, "postgres"), { AUTHCHEMY_DATABASE_URL: url })
    await writeFile(join(target, `${state}.postgres.sql`), await dumpPostgres(url, filled.accountId))
    known.postgres = filled
  }
  await writeFile(join(target, `${state}.json`), `${JSON.stringify(known, null, 2)}\n`)
  console.error(`wrote ${state}`)
} finally {
  await postgres.remove()
  await temporary.remove()
}
