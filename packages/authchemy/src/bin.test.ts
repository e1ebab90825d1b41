import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { parseConfig } from "./config.ts"
import { openServices } from "./services.ts"

const BIN = fileURLToPath(new URL("bin.ts", import.meta.url))

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-bin-"))
  const services = await openServices(parseConfig({ AUTHCHEMY_DATA_DIR: directory }))
  for (let at = 0; at < 5; at++) services.audit.record({ type: "sign_out", accountId: `account-${at}` })
  await services.close()
})
afterAll(() => rm(directory, { recursive: true }))

test.each(["stdout", "stderr"] as const)("a reader of %s that goes away is no fault", async (stream) => {
  const args = stream === "stdout" ? ["audit"] : ["audit", "--limit", "none"]
  const child = spawn(process.execPath, ["--conditions=authchemy-source", BIN, ...args], {
    env: { AUTHCHEMY_DATA_DIR: directory },
    stdio: ["ignore", "pipe", "pipe"],
  })
  // Before the first line can have been written.
  child[stream].destroy()
  const other = child[stream === "stdout" ? "stderr" : "stdout"]
  const [said, [code, signal]] = await Promise.all([text(other), once(child, "close")])
  expect({ said, code, signal }).toEqual({ said: "", code: stream === "stdout" ? 0 : 2, signal: null })
})
