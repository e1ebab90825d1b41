import { spawnSync } from "node:child_process"
import { readdir, readFile, utimes, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { withFileLock } from "@authchemy/cli-sign-in"
import { expect, test } from "vitest"
import { NOW } from "../../testing-server.ts"
import { testPatient } from "../testing.ts"
import { configLeftovers } from "./config-leftovers.ts"

/** The id of a process that has ended. */
const gone = () => spawnSync(process.execPath, ["-e", "0"]).pid
const lockOf = (pid: number, host = hostname()) =>
  JSON.stringify({ id: crypto.randomUUID(), pid, host, startTime: null, started: "2026-11-24T12:00:00.000Z" })

test("nothing", async () => {
  const { look } = await testPatient({ content: {} })
  expect(await look(configLeftovers)).toMatchObject({ verdict: "ok", found: "nothing" })
})

test("a half-written file of a killed process is removed, and the config file stays", async () => {
  const { look, mend, home, configPath } = await testPatient({ content: { network: "eth-mainnet" } })
  await writeFile(`${configPath}.tmp-${gone()}-0a1b2c3d`, "{")
  expect(await look(configLeftovers)).toMatchObject({
    verdict: "problem",
    found: "1 half-written file of a process that was killed; such a file can hold a token",
  })
  const { said, after } = await mend(configLeftovers)
  expect({ said, after: after.found }).toEqual({ said: "1 half-written file removed", after: "nothing" })
  expect(await readdir(home)).toEqual(["config.json"])
  expect(JSON.parse(await readFile(configPath, "utf8"))).toEqual({ network: "eth-mainnet" })
})

test("one that is being written counts only when it is old", async () => {
  const { look, configPath } = await testPatient({ content: {} })
  const neighbour = `${configPath}.tmp-${process.pid}-0a1b2c3d`
  await writeFile(neighbour, "{")
  await utimes(neighbour, NOW / 1000, NOW / 1000)
  expect(await look(configLeftovers)).toMatchObject({ verdict: "ok" })
  await utimes(neighbour, NOW / 1000 - 61, NOW / 1000 - 61)
  expect(await look(configLeftovers)).toMatchObject({ verdict: "problem" })
})

test.each(["lock", "sign-in.lock", "deliver.lock"])("a %s of a dead process is removed", async (name) => {
  const { look, mend, home, configPath } = await testPatient({ content: {} })
  // As the lock itself names the machine on Linux: with the process namespace.
  const { host } = JSON.parse(await hostOfALock(`${configPath}.probe`))
  await writeFile(`${configPath}.${name}`, lockOf(gone(), host))
  expect(await look(configLeftovers)).toMatchObject({
    verdict: "note",
    found: `1 lock of a process that is gone (config.json.${name})`,
  })
  const { said, after } = await mend(configLeftovers)
  expect({ said, after: after.found }).toEqual({ said: "1 lock removed", after: "nothing" })
  expect(await readdir(home)).toEqual(["config.json"])
})

test("what a process left that was killed while it took a lock is removed", async () => {
  const { mend, home, configPath } = await testPatient({ content: {} })
  await writeFile(`${configPath}.sign-in.lock.${gone()}-${crypto.randomUUID()}`, "{}")
  expect((await mend(configLeftovers)).after).toMatchObject({ verdict: "ok" })
  expect(await readdir(home)).toEqual(["config.json"])
})

test("a lock that is held, or another machine's, is left alone", async () => {
  const { look, configPath } = await testPatient({ content: {} })
  await writeFile(`${configPath}.deliver.lock`, lockOf(gone(), "elsewhere"))
  await withFileLock(`${configPath}.sign-in.lock`, { waitMs: 0 }, async () => {
    expect(await look(configLeftovers)).toMatchObject({ verdict: "ok" })
  })
})

test("a file put aside is named and kept: it may be wanted", async () => {
  const { look, configPath } = await testPatient({ content: {} })
  await writeFile(`${configPath}.broken-2026-11-24T12-00-00.000Z`, "{")
  const finding = await look(configLeftovers)
  expect(finding).toMatchObject({
    verdict: "note",
    found: "1 file put aside (config.json.broken-2026-11-24T12-00-00.000Z)",
  })
  expect(finding.fix).toBeUndefined()
})

async function hostOfALock(path: string): Promise<string> {
  let text = ""
  await withFileLock(path, { waitMs: 0 }, async () => {
    text = await readFile(path, "utf8")
  })
  return text
}
