import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { temporaryFolder } from "../testing.ts"
import { createWriter } from "./json-file-writer.ts"
import { makePrivate, type RunProgram } from "./windows-acl.ts"

const FILE = "C:\\Users\\Ada L\\.config\\alchemy\\config.json"
const ENV = { USERNAME: "Ada L", USERDOMAIN: "LAPTOP", SystemRoot: "D:\\Windows" }

function runner(code: number | null) {
  const ran: string[][] = []
  const run: RunProgram = async (command, args) => {
    ran.push([command, ...args])
    return code
  }
  return { ran, run }
}

test("on Windows the file is left to its user, by the system's own program", async () => {
  const { ran, run } = runner(0)
  expect(await makePrivate(FILE, { platform: "win32", env: ENV, run })).toBe(true)
  expect(ran).toEqual([
    ["D:\\Windows\\System32\\icacls.exe", FILE, "/inheritance:r", "/grant:r", "LAPTOP\\Ada L:F", "/q"],
  ])
  await makePrivate(FILE, { platform: "win32", env: { USERNAME: "ada" }, run })
  expect(ran[1]).toEqual([
    "C:\\Windows\\System32\\icacls.exe",
    FILE,
    "/inheritance:r",
    "/grant:r",
    "ada:F",
    "/q",
  ])
})

test.each([5, null])(
  "where that fails with %j, or there is no user, the file is not private",
  async (code) => {
    const { run } = runner(code)
    expect(await makePrivate(FILE, { platform: "win32", env: ENV, run })).toBe(false)
    expect(await makePrivate(FILE, { platform: "win32", env: {}, run: runner(0).run })).toBe(false)
  },
)

test("a program that is not there is no error", async () => {
  const env = { ...ENV, SystemRoot: "/no/such" }
  expect(await makePrivate(FILE, { platform: "win32", env })).toBe(false)
})

test("elsewhere nothing is run", async () => {
  for (const platform of ["linux", "darwin"] as const) {
    const { ran, run } = runner(0)
    expect(await makePrivate("/home/ada/config.json", { platform, run })).toBe(true)
    expect(ran).toEqual([])
  }
})

test("a file is made private before it holds anything, and where it cannot be, that is said once", async () => {
  const folder = await temporaryFolder()
  const path = join(folder, "config.json")
  const held: string[] = []
  const warnings: string[] = []
  const writer = createWriter({
    path,
    onWarning: (warning) => warnings.push(warning),
    now: () => 0,
    readObject: () => ({}),
    makePrivate: async (file) => {
      held.push(await readFile(file, "utf8"))
      return false
    },
  })
  for (const secret of ["a", "b"]) {
    await writer.update(path, (content) => {
      content.secret = secret
    })
  }
  expect(held).toEqual([""])
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ secret: "b" })
  expect(warnings).toEqual([`${path} may be read by other people: its rights could not be set with icacls.`])
  expect(await readdir(folder)).toEqual(["config.json"])
})
