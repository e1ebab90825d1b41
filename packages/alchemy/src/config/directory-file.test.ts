import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { nameDirectoryProfile, placeOfDirectoryFile } from "./directory-file.ts"

/** A home with ~/code/app/src in it. */
async function home() {
  const homeDirectory = await mkdtemp(join(tmpdir(), "alchemy-directory-"))
  onTestFinished(() => rm(homeDirectory, { recursive: true, force: true }))
  const app = join(homeDirectory, "code", "app")
  const source = join(app, "src")
  await mkdir(source, { recursive: true })
  return { homeDirectory, app, source, path: join(app, ".alchemy.json") }
}

const refused = (code: string) => expect.objectContaining({ code })

test("the nearest file from there up, else one in the directory itself", async () => {
  const { homeDirectory, app, source, path } = await home()
  const from = (workingDirectory: string) => placeOfDirectoryFile({ homeDirectory, workingDirectory })
  expect(await from(source)).toEqual({ directory: source, path: join(source, ".alchemy.json") })
  await writeFile(path, "{}")
  expect(await from(source)).toEqual({ directory: app, path })
})

test("the home directory and all above it hold for nearly everything: they are left out", async () => {
  const { homeDirectory, app } = await home()
  await writeFile(join(homeDirectory, ".alchemy.json"), "{}")
  expect((await placeOfDirectoryFile({ homeDirectory, workingDirectory: app })).directory).toBe(app)
  for (const workingDirectory of [homeDirectory, tmpdir(), "/"]) {
    await expect(placeOfDirectoryFile({ homeDirectory, workingDirectory })).rejects.toThrow(
      refused("INVALID_ARGS"),
    )
  }
  await expect(placeOfDirectoryFile({ homeDirectory: "", workingDirectory: "/" })).rejects.toThrow(
    refused("INVALID_ARGS"),
  )
  // A name that begins like the home directory's is another directory.
  const beside = `${homeDirectory}-beside`
  expect((await placeOfDirectoryFile({ homeDirectory, workingDirectory: beside })).directory).toBe(beside)
})

test("a home directory that is known by another name", async () => {
  const { homeDirectory, app } = await home()
  const link = `${homeDirectory}-link`
  await symlink(homeDirectory, link)
  onTestFinished(() => rm(link))
  await expect(
    placeOfDirectoryFile({ homeDirectory: link, workingDirectory: homeDirectory }),
  ).rejects.toThrow("in the home directory would hold")
  await writeFile(join(homeDirectory, ".alchemy.json"), "{}")
  expect((await placeOfDirectoryFile({ homeDirectory: link, workingDirectory: app })).directory).toBe(app)
})

test.skipIf(process.getuid?.() !== 0)("a file of another user is left alone (needs root)", async () => {
  const { homeDirectory, app, source, path } = await home()
  await writeFile(path, "{}")
  await chown(path, 12_345, 12_345)
  const from = (workingDirectory: string) => placeOfDirectoryFile({ homeDirectory, workingDirectory })
  expect((await from(source)).directory).toBe(source)
  await chown(source, 12_345, 12_345)
  expect((await from(source)).directory).toBe(app)
})

test("a working directory that has been removed", async () => {
  const place = {
    homeDirectory: "/home/ada",
    get workingDirectory(): string {
      throw new Error("ENOENT")
    },
  }
  await expect(placeOfDirectoryFile(place)).rejects.toThrow("has been removed")
})

test("names the profile, keeps what else is there and its mode, and leaves no neighbour", async () => {
  const { homeDirectory, app, path } = await home()
  const place = { homeDirectory, workingDirectory: app }
  await nameDirectoryProfile(path, "work", place)
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ profile: "work" })
  await writeFile(path, '\uFEFF{"other": [1], "profile": "old"}')
  await chmod(path, 0o640)
  await nameDirectoryProfile(path, "home", place)
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ other: [1], profile: "home" })
  expect((await stat(path)).mode & 0o777).toBe(0o640)
  expect((await readdir(app)).toSorted()).toEqual([".alchemy.json", "src"])
})

test.each([
  ["a link out of the directory", (path: string, elsewhere: string) => symlink(elsewhere, path)],
  ["a link to nothing", (path: string) => symlink("nowhere", path)],
  ["a directory", (path: string) => mkdir(path)],
  ["no JSON", (path: string) => writeFile(path, "{")],
  ["no object", (path: string) => writeFile(path, "[]")],
  ["far too large", (path: string) => writeFile(path, JSON.stringify({ large: "x".repeat(20_000) }))],
])("%s is left as it is", async (_what, make) => {
  const { homeDirectory, app, path } = await home()
  const elsewhere = join(homeDirectory, "precious.json")
  await writeFile(elsewhere, '{"mine":1}')
  await make(path, elsewhere)
  const before = await readFile(path, "utf8").catch((error: { code: string }) => error.code)
  await expect(nameDirectoryProfile(path, "work", { homeDirectory, workingDirectory: app })).rejects.toThrow(
    refused("INVALID_ARGS"),
  )
  expect(await readFile(path, "utf8").catch((error: { code: string }) => error.code)).toBe(before)
  expect(await readFile(elsewhere, "utf8")).toBe('{"mine":1}')
  expect((await readdir(app)).toSorted()).toEqual([".alchemy.json", "src"])
})

test("a directory that cannot be written: CREDENTIAL_STORE_ERROR", async () => {
  const { homeDirectory } = await home()
  const path = join(homeDirectory, "gone", ".alchemy.json")
  await expect(
    nameDirectoryProfile(path, "work", { homeDirectory, workingDirectory: homeDirectory }),
  ).rejects.toThrow(refused("CREDENTIAL_STORE_ERROR"))
})
