import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { resultStream } from "./result-stream.ts"

const MANY = "ä".repeat(300_000)
const program = `
import { resultStream } from ${JSON.stringify(import.meta.resolve("./result-stream.ts"))}
resultStream(1, () => process.stdout).write("ä".repeat(300_000), () => process.exit(7))
`
const run = (stdio: Parameters<typeof spawn>[2]["stdio"]) =>
  spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio })

test("a file takes all of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "alchemy-stdout-"))
  const file = openSync(join(folder, "out"), "w")
  resultStream(file, () => expect.unreachable("no stream is opened for a file")).write(MANY)
  closeSync(file)
  expect(readFileSync(join(folder, "out"), "utf8")).toBe(MANY)
  await rm(folder, { recursive: true })
})

test("a slow reader of a pipe gets all of it, also where the pipe does not block", async () => {
  const child = run(["ignore", "pipe", "inherit"])
  let text = ""
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk
  })
  expect(await once(child, "close")).toEqual([7, null])
  expect(text).toBe(MANY)
  const shell = `"${process.execPath}" --input-type=module --eval '${program}' | wc -c`
  expect(execFileSync("sh", ["-c", shell], { encoding: "utf8" }).trim()).toBe("600000")
})

test("a reader that has gone away is no failure", async () => {
  const child = run(["ignore", "pipe", "inherit"])
  child.stdout?.destroy()
  expect(await once(child, "close")).toEqual([7, null])
})
