import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { npmRegistry } from "./npm-registry.ts"

/** A program in npm's place. */
async function npmThat(script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "npm-registry-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const program = join(folder, "npm")
  await writeFile(program, `#!/bin/sh\n${script}\n`)
  await chmod(program, 0o755)
  return program
}

test("what npm says, asked in its own words", async () => {
  const npm = await npmThat('[ "$*" = "config get registry" ] && echo "https://mirror.example/npm/"')
  expect(await npmRegistry({}, "linux", npm)).toBe("https://mirror.example/npm/")
})

test.each(["exit 1", "true", "echo undefined"])("npm that does not say (%s): null", async (script) => {
  expect(await npmRegistry({}, "linux", await npmThat(script))).toBe(null)
})

test("no npm: null", async () => {
  expect(await npmRegistry({ PATH: "/nowhere" }, "linux")).toBe(null)
})
