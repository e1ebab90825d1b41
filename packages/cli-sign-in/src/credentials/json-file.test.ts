import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { temporaryFolder } from "../testing.ts"
import { openJsonFile } from "./json-file.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")

async function opened(content?: string | Uint8Array) {
  const folder = await temporaryFolder()
  const path = join(folder, "config.json")
  if (content !== undefined) await writeFile(path, content, { mode: 0o600 })
  const warnings: string[] = []
  const file = openJsonFile({ path, onWarning: (warning) => warnings.push(warning), now: () => NOW })
  return { folder, path, file, warnings }
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

test("no file is an empty object, and reading creates nothing", async () => {
  const { folder, file } = await opened()
  expect(await file.read()).toEqual({})
  expect(await readdir(folder)).toEqual([])
})

test("an update writes 0600 into directories of 0700 and leaves nothing beside the file", async () => {
  const folder = await temporaryFolder()
  const path = join(folder, "deep", "er", "config.json")
  await openJsonFile({ path, onWarning: expect.unreachable }).update((content) => {
    content.a = 1
  })
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ a: 1 })
  expect(await modeOf(path)).toBe(0o600)
  expect(await modeOf(join(folder, "deep"))).toBe(0o700)
  expect(await modeOf(join(folder, "deep", "er"))).toBe(0o700)
  expect(await readdir(join(folder, "deep", "er"))).toEqual(["config.json"])
})

test("unknown keys are kept, whatever they hold", async () => {
  const { file, path } = await opened('{"later":{"nested":[1,null,"\u00e9"]},"a":1}')
  await file.update((content) => {
    content.a = 2
  })
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ later: { nested: [1, null, "é"] }, a: 2 })
})

test("a mode that others can read is mended, on reading and on writing", async () => {
  const { file, path } = await opened('{"a":1}')
  await chmod(path, 0o644)
  await file.read()
  expect(await modeOf(path)).toBe(0o600)
  await chmod(path, 0o666)
  await file.update(() => {})
  expect(await modeOf(path)).toBe(0o600)
})

// Of a file in /proc not even root can change the mode, and this one holds what was written into it: the name of the process.
const unchangeable = process.platform === "linux" ? ["/proc/self/comm"] : []
test("a mode that cannot be mended is told once, and the file is read as it is", async () => {
  for (const path of unchangeable) {
    const name = await readFile(path, "utf8")
    onTestFinished(() => writeFile(path, name.trim()))
    await writeFile(path, '{"a":1}')
    const warnings: string[] = []
    const file = openJsonFile({ path, onWarning: (warning) => warnings.push(warning) })
    expect([await file.read(), await file.read()]).toEqual([{ a: 1 }, { a: 1 }])
    expect(warnings).toEqual([`${path} can be read by other people, and its mode cannot be changed.`])
  }
})

test("a change that changes nothing does not write", async () => {
  const { file, path } = await opened('{ "a":1 }')
  await file.update((content) => {
    content.a = 1
  })
  expect(await readFile(path, "utf8")).toBe('{ "a":1 }')
})

test("a change that throws leaves the file as it was and frees the lock", async () => {
  const { folder, file, path } = await opened('{"a":1}')
  const change = () => {
    throw new Error("no")
  }
  await expect(file.update(change)).rejects.toThrow("no")
  expect(await readFile(path, "utf8")).toBe('{"a":1}')
  expect(await readdir(folder)).toEqual(["config.json"])
})

test.each([
  ["half an object", '{"a":'],
  ["an array", "[1]"],
  ["a string", '"x"'],
  ["null", "null"],
  ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
])("%s is put aside whole, with a warning, on reading and on updating", async (_, broken) => {
  for (const use of ["read", "update"] as const) {
    const { folder, file, path, warnings } = await opened(broken)
    if (use === "read") expect(await file.read()).toEqual({})
    else {
      await file.update((content) => {
        content.a = 1
      })
    }
    const aside = "config.json.broken-2026-11-23T22-05-00.000Z"
    expect(await readdir(folder)).toEqual(use === "read" ? [aside] : ["config.json", aside])
    expect(await readFile(join(folder, aside))).toEqual(Buffer.from(broken))
    expect(warnings).toEqual([expect.stringContaining(`${path} did not hold a JSON object`)])
  }
})

test("a second broken file of the same moment does not take the place of the first", async () => {
  const { folder, file, path } = await opened("first")
  await file.read()
  await writeFile(path, "second")
  await file.read()
  const names = await readdir(folder)
  expect(names).toHaveLength(2)
  expect(await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")))).toEqual([
    "first",
    "second",
  ])
})

test.each(["", " \n"])("a file that holds %j is an empty object", async (content) => {
  const { file, warnings } = await opened(content)
  expect(await file.read()).toEqual({})
  expect(warnings).toEqual([])
})

test("a byte order mark is tolerated", async () => {
  const { file, warnings } = await opened('\ufeff{"a":1}')
  expect(await file.read()).toEqual({ a: 1 })
  expect(warnings).toEqual([])
})

test("a symbolic link stays one, and what it points to is written, there or not yet", async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, "dotfiles"))
  const path = join(folder, "config.json")
  await symlink("dotfiles/real.json", path)
  const file = openJsonFile({ path, onWarning: expect.unreachable })
  for (const a of [1, 2]) {
    await file.update((content) => {
      content.a = a
    })
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
    expect(JSON.parse(await readFile(join(folder, "dotfiles", "real.json"), "utf8"))).toEqual({ a })
  }
  expect(await readdir(join(folder, "dotfiles"))).toEqual(["real.json"])
})

test("what a killed writer left beside the file is removed by the next update", async () => {
  const { folder, file } = await opened("{}")
  await writeFile(join(folder, "config.json.tmp-999999-abc"), '{"auth_token":"secret"}')
  await file.update(() => {})
  expect(await readdir(folder)).toEqual(["config.json"])
})

test("a path that cannot be read is an error, not an empty object", async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, "config.json"))
  const file = openJsonFile({ path: join(folder, "config.json"), onWarning: expect.unreachable })
  await expect(file.read()).rejects.toThrow("is not a file")
})

test("a directory in place of the file keeps its rights", async () => {
  const path = await temporaryFolder()
  await chmod(path, 0o755)
  await expect(openJsonFile({ path, onWarning: expect.unreachable }).read()).rejects.toThrow("is not a file")
  expect((await stat(path)).mode & 0o777).toBe(0o755)
})

test("50 processes that update one file at once lose no key", { timeout: 60_000 }, async () => {
  const { folder, path } = await opened('{"kept":true}')
  const jsonFile = fileURLToPath(new URL("./json-file.ts", import.meta.url))
  const script = `
    import { openJsonFile } from ${JSON.stringify(jsonFile)}
    const file = openJsonFile({ path: process.argv[1], onWarning: (warning) => { throw new Error(warning) } })
    await file.update((content) => { content["key-" + process.argv[2]] = process.pid })
  `
  const children = Array.from({ length: 50 }, (_, index) =>
    spawn(
      process.execPath,
      ["--conditions=authchemy-source", "--input-type=module", "-e", script, path, String(index)],
      { stdio: ["ignore", "ignore", "pipe"] },
    ),
  )
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]))
  expect(codes).toEqual(Array(50).fill(0))
  const content: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"))
  expect(Object.keys(content).sort()).toEqual(
    ["kept", ...Array.from({ length: 50 }, (_, index) => `key-${index}`)].sort(),
  )
  expect(await readdir(folder)).toEqual(["config.json"])
})

test("a pipe in place of the file is refused, not waited for", async () => {
  const folder = await temporaryFolder()
  const path = join(folder, "config.json")
  execFileSync("mkfifo", [path])
  await expect(openJsonFile({ path, onWarning: expect.unreachable }).read()).rejects.toThrow("is not a file")
})

test("what is far too large is refused, not read", async () => {
  const folder = await temporaryFolder()
  const path = join(folder, "config.json")
  await writeFile(path, " ".repeat(1024 * 1024 + 1))
  await expect(openJsonFile({ path, onWarning: expect.unreachable }).read()).rejects.toThrow("more than")
})
