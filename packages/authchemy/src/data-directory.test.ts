import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { ConfigError } from "./config-error.ts"
import { prepareDataDirectory } from "./data-directory.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "authchemy-data-"))
})
afterEach(() => rmSync(directory, { recursive: true }))

test("it is made for this user alone, with what is above it; one that is there is taken as it is", () => {
  const path = join(directory, "a", "b")
  prepareDataDirectory(path)
  expect(statSync(path).mode & 0o777).toBe(0o700)
  prepareDataDirectory(path)
  const link = join(directory, "link")
  symlinkSync(path, link)
  prepareDataDirectory(link)
})

test("what cannot be a directory is refused by the variable's name", () => {
  const file = join(directory, "file")
  writeFileSync(file, "")
  const dangling = join(directory, "dangling")
  symlinkSync(join(directory, "gone"), dangling)
  for (const path of [file, join(file, "below"), dangling]) {
    expect(() => prepareDataDirectory(path)).toThrow(ConfigError)
    expect(() => prepareDataDirectory(path)).toThrow(
      /^AUTHCHEMY_DATA_DIR: must be a directory .*\((ENOTDIR|ENOENT)\)$/,
    )
  }
})

test("a file system that makes no directories is refused too", () => {
  expect(() => prepareDataDirectory("/proc/authchemy/data")).toThrow(/^AUTHCHEMY_DATA_DIR: /)
})
