import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { loadSecret } from "./secret.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-secret-"))
})
afterEach(() => rm(directory, { recursive: true }))

test("a configured secret is used as it is, and nothing is written", async () => {
  expect(await loadSecret({ secret: "s".repeat(32), dataDirectory: directory })).toBe("s".repeat(32))
  expect(await readdir(directory)).toEqual([])
})

test("servers that start at once agree on one, and it is kept for this user alone", async () => {
  const dataDirectory = directory
  const secrets = await Promise.all(
    Array.from({ length: 20 }, () => loadSecret({ secret: null, dataDirectory })),
  )
  expect(new Set(secrets).size).toBe(1)
  expect(secrets[0]).toHaveLength(43)
  expect(await readdir(dataDirectory)).toEqual(["secret"])
  expect((await stat(join(dataDirectory, "secret"))).mode & 0o777).toBe(0o600)
  expect(await loadSecret({ secret: null, dataDirectory })).toBe(secrets[0])
})

test("a mode that lets others read is mended; a damaged secret is refused", async () => {
  const path = join(directory, "secret")
  await writeFile(path, "x".repeat(40))
  await chmod(path, 0o644)
  expect(await loadSecret({ secret: null, dataDirectory: directory })).toBe("x".repeat(40))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await writeFile(path, "short")
  await expect(loadSecret({ secret: null, dataDirectory: directory })).rejects.toThrow(
    "at least 32 characters",
  )
})
