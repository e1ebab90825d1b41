import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { closedPort } from "../doctor/testing.ts"
import { CommandError, type CommandIo } from "./command.ts"
import { runDoctor } from "./doctor.ts"
import { runAuthchemy } from "./testing.ts"

let directory: string
let quiet: Record<string, string>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-doctor-command-"))
  quiet = {
    AUTHCHEMY_URL: `http://localhost:${await closedPort()}`,
    AUTHCHEMY_BREACHED_PASSWORDS_URL: "off",
  }
})
afterAll(() => rm(directory, { recursive: true }))

const doctor = (args: string[] = [], env: Record<string, string> = {}) =>
  runAuthchemy(directory, ["doctor", ...args], { env: { ...quiet, ...env } })

test("with nothing wrong it exits 0, and makes nothing", async () => {
  const { code, stdout, stderr } = await doctor()
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(stdout).toContain(
    `✓ configuration: the server is ${quiet.AUTHCHEMY_URL}, and listens on 127.0.0.1 port 4000\n`,
  )
  expect(stdout).toContain(
    "! database: the SQLite file is not there yet\n    The server makes it when it first starts.\n",
  )
  expect(await readdir(directory)).toEqual([])
})

test("as JSON, the same checks, and whether all is well", async () => {
  const { code, stdout } = await doctor(["--json"])
  expect(code).toBe(0)
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { check: string; state: string }[] }
  expect(ok).toBe(true)
  expect(checks[0]).toMatchObject({ check: "configuration", state: "ok" })
  expect(checks.every(({ state }) => state === "ok" || state === "warning")).toBe(true)
})

test("what is wrong makes it exit 1 and is counted", async () => {
  const env = { AUTHCHEMY_REDIS_URL: `redis://u:the-password@127.0.0.1:${await closedPort()}` }
  const { code, stdout, stderr } = await doctor([], env)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^✗ token store: Redis cannot be used: connect ECONNREFUSED/m)
  expect(stderr).toBe("authchemy: 1 of 12 checks found something wrong.\n")
  expect(stdout).not.toContain("the-password")
  expect(JSON.parse((await doctor(["--json"], env)).stdout)).toMatchObject({ ok: false })
})

test("a configuration that cannot be used is all there is to say, each mistake by its variable", async () => {
  const env = { AUTHCHEMY_PORT: "x", AUTHCHEMY_URL: "http://user:the-password@auth.example.com" }
  const { code, stdout } = await doctor([], env)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^✗ configuration: AUTHCHEMY_PORT must be a whole number/)
  expect(stdout).toMatch(/^✗ configuration: AUTHCHEMY_URL must be/m)
  expect(stdout).not.toContain("the-password")
  expect(stdout).not.toContain("database")
})

test("a variable that is misspelt is named", async () => {
  const { code, stdout } = await doctor([], { AUTHCHEMY_REDIS_ULR: "redis://x", OTHER: "x" })
  expect(code).toBe(0)
  expect(stdout).toContain("! configuration: AUTHCHEMY_REDIS_ULR means nothing to this version\n")
  expect(stdout.match(/means nothing/g)).toHaveLength(1)
})

test("what others say reaches the terminal as one line without control characters", async () => {
  const written: string[] = []
  const io: CommandIo = {
    env: { AUTHCHEMY_DATA_DIR: directory, ...quiet },
    stdin: Object.assign((async function* () {})(), { isTTY: false }),
    stdout: (text) => void written.push(text),
  }
  const send: typeof fetch = async () =>
    Response.json({ issuer: `\u001b]0;x\u0007\n✓ all is well ${"x".repeat(5_000)}` })
  await expect(runDoctor({}, io, { fetch: send, now: Date.now })).rejects.toThrow(CommandError)
  const text = written.join("")
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  expect(text).not.toMatch(/^✓ all is well/m)
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThan(600)
})
