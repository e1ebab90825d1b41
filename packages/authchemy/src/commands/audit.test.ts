import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import type { Audit, AuditEvent, Origin } from "../audit/events.ts"
import { withOrigin } from "../audit/origin.ts"
import { parseConfig } from "../config.ts"
import { onEachDatabase } from "../database/testing.ts"
import { openServices } from "../services.ts"
import { parseSince } from "./audit.ts"
import { withAccountServices } from "./command.ts"
import { runAuthchemy } from "./testing.ts"

const BROWSER: Origin = { actor: "browser", address: "192.0.2.7", agent: "Firefox" }
const PROGRAM: Origin = { actor: "program", address: "192.0.2.8", agent: "alchemy-cli/1.0.0" }
const LAPTOP = { name: "ann-laptop", os: "Linux", client: "alchemy-cli/1.0.0" }

onEachDatabase((under) => {
  let directory: string
  let env: Record<string, string>
  let ann: string
  const audit = (...args: string[]) => runAuthchemy(directory, ["audit", ...args], { env })
  const lines = async (...args: string[]) => {
    const { code, stdout, stderr } = await audit(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    return stdout.split("\n").slice(0, -1)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-audit-command-"))
    env = await under.env()
    const create = ["accounts", "create", "--email", "ann@example.com", "--password-stdin"]
    const made = await runAuthchemy(directory, create, { env, input: "correct horse battery\n" })
    ann = / id (\S+)/.exec(made.stdout)?.[1] ?? ""
    expect(ann).not.toBe("")
    await withAccountServices(parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env }), async (services) => {
      const record = (origin: Origin, event: AuditEvent) =>
        withOrigin(origin, () => services.audit.record(event))
      const about = { accountId: ann, clientId: "alchemy-cli", device: LAPTOP }
      record(BROWSER, {
        type: "sign_in.failed",
        accountId: null,
        details: { method: "password", reason: "wrong_password" },
      })
      record(BROWSER, { type: "sign_in.succeeded", accountId: ann, details: { method: "password" } })
      record(BROWSER, { type: "approval.granted", ...about, details: { approvalId: "abc" } })
      record(PROGRAM, {
        type: "token.issued",
        ...about,
        sessionId: "s1",
        details: { approvalId: "abc", refreshable: false },
      })
      record(BROWSER, {
        type: "access_key.created",
        accountId: ann,
        details: { id: "key_1", name: "my\u001b[31mCI" },
      })
      record(BROWSER, { type: "sign_out", accountId: "somebody-who-is-gone" })
    })
  })
  afterAll(() => rm(directory, { recursive: true }))

  test("the story is told, the oldest first, a line an event", async () => {
    const told = await lines("--account", "ANN@example.com")
    expect(told.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME")).slice(-4)).toEqual([
      "TIME\tsign_in.succeeded\tann@example.com\t-\t192.0.2.7\tmethod=password\tSigned in with a password",
      "TIME\tapproval.granted\tann@example.com\talchemy-cli/1.0.0 on ann-laptop\t192.0.2.7\tapprovalId=abc\talchemy-cli/1.0.0 on ann-laptop was approved",
      "TIME\ttoken.issued\tann@example.com\talchemy-cli/1.0.0 on ann-laptop\t192.0.2.8\tapprovalId=abc refreshable=false\talchemy-cli/1.0.0 on ann-laptop was given a token",
      'TIME\taccess_key.created\tann@example.com\t-\t192.0.2.7\tid=key_1 name="my [31mCI"\tAccess key “my [31mCI” created',
    ])
  })

  test("events of nobody known, and of accounts that are gone, are told too", async () => {
    const told = await lines()
    expect(
      told
        .find((line) => line.includes("sign_in.failed"))
        ?.split("\t")
        .slice(2, 4),
    ).toEqual(["-", "-"])
    expect(told.at(-1)).toContain("\tsign_out\tsomebody-who-is-gone\t")
    expect(await lines("--account", "somebody-who-is-gone")).toHaveLength(1)
    expect(await audit("--account", "gone@example.com")).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "authchemy: There is no account with the email gone@example.com. Events of an account that is gone are found by its id: authchemy audit --account <id>\n",
    })
  })

  test("types, a time and a number narrow it down; the newest of what matches count", async () => {
    expect(await lines("--type", "sign_out", "--type", "token.issued")).toHaveLength(2)
    expect(await lines("--since", "1d", "--limit", "1")).toEqual([expect.stringContaining("sign_out")])
    expect(await lines("--since", "2100-01-01")).toEqual([])
  })

  test("an account is found by its id whatever that is, and by what stands for it in the log", async () => {
    const id = `host-${"x".repeat(3000)}`
    const record = ({ audit }: { audit: Audit }) =>
      void audit.record({ type: "browser.ended", accountId: id, details: { count: 2 } })
    await withAccountServices(parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env }), async (services) =>
      record(services),
    )
    const [line = ""] = await lines("--account", id)
    const [, , account = ""] = line.split("\t")
    expect(account).toMatch(/^sha256:[\w-]{43}$/)
    expect(await lines("--account", account)).toEqual([line])
  })

  test("no command clears events away, however few days it is told: that is the servers' to do", async () => {
    const config = parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env, AUTHCHEMY_AUDIT_DAYS: "1" })
    const at = new Date(Date.now() - 3 * 86_400_000).toISOString()
    await withAccountServices(config, async ({ database }) => {
      await database
        .insertInto("audit_event")
        .values({
          ...{ id: "evt_0", at, type: "sign_out", account_id: "old", session_id: null, client_id: null },
          ...{ device: "{}", actor: "browser", address: null, agent: null, details: "{}" },
        })
        .execute()
    })
    const old = () =>
      runAuthchemy(directory, ["audit", "--account", "old"], { env: { ...env, AUTHCHEMY_AUDIT_DAYS: "1" } })
    expect((await old()).stdout).toContain("sign_out")
    expect((await old()).stdout).toContain("sign_out")
    const services = await openServices(config)
    await vi.waitFor(async () => expect((await old()).stdout).toBe(""))
    await services.close()
  })

  test("as JSON, each line is the event with its account's email", async () => {
    const [line = ""] = await lines("--type", "token.issued", "--json")
    expect(JSON.parse(line)).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: "token.issued",
      at: expect.stringMatching(/Z$/),
      accountId: ann,
      email: "ann@example.com",
      sessionId: "s1",
      clientId: "alchemy-cli",
      device: LAPTOP,
      origin: PROGRAM,
      details: { approvalId: "abc", refreshable: false },
    })
  })

  test("control and direction characters that stand in the database never reach the terminal", async () => {
    await withAccountServices(
      parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...env }),
      async ({ database }) => {
        const nasty = "\u001b]0;x\u0007\u009b31m\u202e\u2028\ttab\nline"
        await database
          .insertInto("audit_event")
          .values({
            ...{ id: "evt_nasty", at: "2100-01-01T00:00:00.000Z", type: nasty, account_id: nasty },
            ...{ session_id: nasty, client_id: nasty, device: JSON.stringify({ name: nasty }) },
            ...{
              actor: "browser",
              address: nasty,
              agent: nasty,
              details: JSON.stringify({ [nasty]: nasty }),
            },
          })
          .execute()
      },
    )
    for (const flags of [[], ["--json"]]) {
      const told = (await lines(...flags)).at(-1)
      expect(told).toContain("31m")
      expect(told?.replaceAll("\t", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      if (flags.length === 0) expect(told?.split("\t")).toHaveLength(7)
      else expect(JSON.parse(told ?? "").sessionId).toContain("\u202e\u2028\ttab\n")
    }
  })

  test.each([
    [["--type", "made.up"], /^authchemy: --type: there is no "made\.up"; there are account\.created, /],
    [["--limit", "0"], /^authchemy: --limit: must be a whole number from 1 to 100000, got "0"/],
    [["--since", "yesterday"], /^authchemy: --since: must be a time ago, such as 7d/],
  ])("%j is refused", async (args, message) => {
    expect(await audit(...args)).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(message) })
  })
})

describe("a moment", () => {
  const now = Date.UTC(2026, 10, 23, 22, 5)
  test.each([
    ["7d", "2026-11-16T22:05:00.000Z"],
    ["24h", "2026-11-22T22:05:00.000Z"],
    ["30m", "2026-11-23T21:35:00.000Z"],
    ["2026-11-23", "2026-11-23T00:00:00.000Z"],
    ["2026-11-23T22:05", "2026-11-23T22:05:00.000Z"],
    ["2026-11-23T22:05:01.5Z", "2026-11-23T22:05:01.500Z"],
    ["2026-11-23T22:05:00+02:00", "2026-11-23T20:05:00.000Z"],
  ])("%s is %s", (text, moment) => {
    expect(parseSince(text, now)).toBe(moment)
  })
  test.each(["", "7", "7w", "-7d", "2026-13-01", "2026-11-23 22:05", "999999d", "now"])(
    "%j is none",
    (text) => {
      expect(() => parseSince(text, now)).toThrow(/^--since/)
    },
  )
})
