import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { systemTimer } from "./timer.ts"

test("work that is called off is not done, other work is", async () => {
  const done: string[] = []
  const callOff = systemTimer(() => done.push("called off"), 1, true)
  callOff()
  await new Promise<void>((resolve) => {
    systemTimer(resolve, 2, true)
  })
  expect(done).toEqual([])
})

test("a process does not stay for it, unless it is told to", async () => {
  const timer = new URL("./timer.ts", import.meta.url).href
  const run = async (rest: string) => {
    const script = `import { systemTimer } from ${JSON.stringify(timer)}; systemTimer(() => console.log("done"), ${rest})`
    return (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script])).stdout
  }
  expect(await run("60_000")).toBe("")
  expect(await run("1, true")).toBe("done\n")
})
