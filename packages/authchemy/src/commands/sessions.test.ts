import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import type { IssuedToken, TokenService } from "@authchemy/tokens"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { parseConfig } from "../config.ts"
import { createMigratedDatabase, onPostgres, postgresEnv } from "../database/testing.ts"
import { closedPort } from "../doctor/testing.ts"
import { createLogger } from "../logging.ts"
import { openTokens } from "../services.ts"
import { runAuthchemy } from "./testing.ts"

const LAPTOP = { name: "ann-laptop", os: "Linux", client: "alchemy-cli/1.0.0" }

describe("SQLite", () => tests(async () => ({})))
onPostgres(() =>
  tests(async () => ({
    ...postgresEnv(await createMigratedDatabase()),
    AUTHCHEMY_REDIS_URL: `${inject("redisUrl")}/41`,
  })),
)

function tests(envOf: () => Promise<Record<string, string>>) {
  let directory: string
  let env: Record<string, string>
  let ann: string
  /** The engine of a server that runs beside the commands. */
  let running: TokenService
  const authchemy = (...args: string[]) => runAuthchemy(directory, args, { env })
  const sessions = (...args: string[]) => authchemy("sessions", ...args)
  const signedIn = (accountId = ann, device: object = LAPTOP): Promise<IssuedToken> =>
    running.createSession({ ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3600, device })
  const listed = async (account: string) => {
    const { stdout } = await sessions("list", "--account", account, "--json")
    return (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-sessions-"))
    env = await envOf()
    const made = await runAuthchemy(
      directory,
      ["accounts", "create", "--email", "ann@example.com", "--password-stdin"],
      { env, input: "correct horse battery\n" },
    )
    ann = / id (\S+)/.exec(made.stdout)?.[1] ?? ""
    const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env })
    running = await openTokens(config, { logger: createLogger({ write: () => {} }) })
  })
  afterAll(async () => {
    await running.close()
    await rm(directory, { recursive: true })
  })

  test("they are listed, the newest first, as text and as JSON", async () => {
    const { session } = await signedIn()
    const other = await signedIn(ann, {})
    const { code, stdout } = await sessions("list", "--account", " ANN@example.com")
    expect(code).toBe(0)
    const lines = stdout.split("\n").slice(0, -1)
    expect(lines).toHaveLength(2)
    const line = lines.find((one) => one.startsWith(session.id))
    expect(line?.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")).toBe(
      `${session.id}\tTIME\tTIME\tTIME\talchemy-cli\tann-laptop\tLinux\talchemy-cli/1.0.0`,
    )
    expect(lines.find((one) => one.startsWith(other.session.id))).toMatch(/\talchemy-cli\t-\t-\t-$/)
    const asJson = JSON.parse((await sessions("list", "--account", "ann@example.com", "--json")).stdout)
    expect(asJson).toContainEqual({
      ...{ id: session.id, clientId: "alchemy-cli", device: LAPTOP, scopes: [...session.scopes] },
      createdAt: new Date(session.createdAt).toISOString(),
      lastUsedAt: new Date(session.lastUsedAt).toISOString(),
      expiresAt: new Date(session.expiresAt).toISOString(),
    })
    expect(stdout + JSON.stringify(asJson)).not.toContain("alchemy_at_")
  })

  test("S46 S48 one is ended, and a server that runs refuses it at once", async () => {
    const [first, second] = [await signedIn(), await signedIn()]
    expect(await running.verify(first.token)).not.toBeNull()
    const revoke = () => sessions("revoke", first.session.id, "--account", "ann@example.com")
    expect(await revoke()).toEqual({
      code: 0,
      stdout: `Ended the session ${first.session.id} of ann@example.com\n`,
      stderr: "",
    })
    expect(await running.verify(first.token)).toBeNull()
    expect(await running.verify(second.token)).not.toBeNull()
    expect(await revoke()).toEqual({
      code: 1,
      stdout: "",
      stderr: `authchemy: ann@example.com has no session "${first.session.id}". See: authchemy sessions list --account ann@example.com\n`,
    })
  })

  test("S47 another account's session is not this account's to end", async () => {
    const theirs = await signedIn("somebody-else")
    expect((await sessions("revoke", theirs.session.id, "--account", "ann@example.com")).code).toBe(1)
    expect(await running.verify(theirs.token)).not.toBeNull()
  })

  test("S48 all are ended, and that is recorded as the operator's doing", async () => {
    const last = await signedIn()
    const count = (await listed("ann@example.com")).length
    const { stdout } = await sessions("revoke", "--account", "ann@example.com", "--all")
    expect(stdout).toBe(`Ended ${count} sessions of ann@example.com\n`)
    expect(await running.verify(last.token)).toBeNull()
    expect(await listed("ann@example.com")).toEqual([])
    const { stdout: none } = await sessions("revoke", "--account", "ann@example.com", "--all")
    expect(none).toBe("Ended 0 sessions of ann@example.com\n")
    const audit = await authchemy("audit", "--type", "token.revoked", "--limit", "1", "--json")
    expect(JSON.parse(audit.stdout)).toMatchObject({
      ...{ type: "token.revoked", email: "ann@example.com", clientId: "alchemy-cli" },
      origin: { actor: "operator", address: null },
    })
  })

  test("an account of a host application's is named by its id", async () => {
    const { token, session } = await signedIn("host-42")
    expect(await listed("host-42")).toEqual([session.id])
    const { stdout } = await sessions("revoke", "--account", "host-42", "--all")
    expect(stdout).toBe("Ended 1 session of host-42\n")
    expect(await running.verify(token)).toBeNull()
  })

  test("what cannot be done is said", async () => {
    const unknown = await sessions("list", "--account", "no\u001b[31mbody@example.com")
    expect(unknown).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "authchemy: There is no account with the email no [31mbody@example.com. See: authchemy accounts list\n",
    })
    expect((await sessions("revoke", "--account", "ann@example.com")).code).toBe(2)
    expect((await sessions("revoke", "x", "--all", "--account", "ann@example.com")).code).toBe(2)
    expect((await sessions("list")).code).toBe(2)
  })

  test("S52 a token store that is out of reach is an error, and no list", async () => {
    const away = { ...env, AUTHCHEMY_REDIS_URL: `redis://u:the-password@127.0.0.1:${await closedPort()}` }
    for (const args of [["list"], ["revoke", "--all"]]) {
      const command = ["sessions", ...args, "--account", "ann@example.com"]
      const { code, stdout, stderr } = await runAuthchemy(directory, command, { env: away })
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
      expect(stderr).not.toContain("the-password")
    }
  })
}
