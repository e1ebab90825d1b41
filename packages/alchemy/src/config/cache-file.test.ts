import { mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { readCache, writeCache } from "./cache-file.ts"

async function directory() {
  const path = await mkdtemp(join(tmpdir(), "alchemy-cache-"))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

test("what is written is read again; the file is 0600, and no neighbour stays", async () => {
  const home = await directory()
  const path = join(home, "deep", "a.json")
  await writeCache(path, { a: 1 })
  await writeCache(path, { a: 2 })
  expect(await readCache(path)).toEqual({ a: 2 })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(home, "deep"))).toEqual(["a.json"])
})

test("a link is replaced, and what it points to is left alone", async () => {
  const home = await directory()
  await writeFile(join(home, "precious"), "mine")
  await symlink(join(home, "precious"), join(home, "a.json"))
  await writeCache(join(home, "a.json"), { a: 1 })
  expect(await readCache(join(home, "a.json"))).toEqual({ a: 1 })
  expect((await stat(join(home, "precious"))).size).toBe(4)
})

test("what cannot be used is as nothing; what cannot be written is no error", async () => {
  const home = await directory()
  expect(await readCache(join(home, "none"))).toBeNull()
  expect(await readCache(home)).toBeNull()
  await writeFile(join(home, "broken"), "{")
  expect(await readCache(join(home, "broken"))).toBeNull()
  await writeFile(join(home, "large"), JSON.stringify("x".repeat(300_000)))
  expect(await readCache(join(home, "large"))).toBeNull()
  await writeCache(join(home, "broken", "below.json"), {})
  expect((await readdir(home)).toSorted()).toEqual(["broken", "large"])
})
