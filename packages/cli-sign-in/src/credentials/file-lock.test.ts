import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { LockTimeoutError } from "../errors.ts"
import { temporaryFolder } from "../testing.ts"
import { withFileLock } from "./file-lock.ts"

const FILE_LOCK = fileURLToPath(new URL("./file-lock.ts", import.meta.url))

/** A process that holds the lock until it is killed. Resolves when it has it. */
async function holder(path: string): Promise<ChildProcess> {
  const script = `
    import { withFileLock } from ${JSON.stringify(FILE_LOCK)}
    await withFileLock(process.argv[1], { waitMs: 10000 }, () => new Promise(() => {
      process.stdout.write("held")
      setInterval(() => {}, 1000)
    }))
  `
  const child = spawn(
    process.execPath,
    ["--conditions=authchemy-source", "--input-type=module", "-e", script, path],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  onTestFinished(() => void child.kill("SIGKILL"))
  if (child.stdout) await once(child.stdout, "data")
  return child
}

async function lockPath(): Promise<{ folder: string; path: string }> {
  const folder = await temporaryFolder()
  return { folder, path: join(folder, "a.lock") }
}

test("one at a time, in one process too, and nothing is left", async () => {
  const { folder, path } = await lockPath()
  let inside = 0
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      withFileLock(path, { waitMs: 20_000 }, async () => {
        expect(++inside).toBe(1)
        expect(await readdir(folder)).toContain("a.lock")
        inside--
        return index
      }),
    ),
  )
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(await readdir(folder)).toEqual([])
})

test("the lock names its owner, 0600, and its directory is made", async () => {
  const { folder } = await lockPath()
  const path = join(folder, "deep", "a.lock")
  await withFileLock(path, { waitMs: 0 }, async () => {
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      pid: process.pid,
      host: expect.any(String),
      started: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })
})

test("a living owner of another process is waited for, then: lock_timeout", async () => {
  const { path } = await lockPath()
  await holder(path)
  let waits = 0
  const taken = withFileLock(path, { waitMs: 100, onWait: () => waits++ }, async () => expect.unreachable())
  await expect(taken).rejects.toBeInstanceOf(LockTimeoutError)
  await expect(taken).rejects.toMatchObject({ code: "lock_timeout", path })
  expect(waits).toBe(1)
})

test("the wait ends when the signal is aborted, with its reason", async () => {
  const { path } = await lockPath()
  await holder(path)
  const controller = new AbortController()
  const taken = withFileLock(
    path,
    { waitMs: 20_000, signal: controller.signal, onWait: () => controller.abort(new Error("enough")) },
    async () => expect.unreachable(),
  )
  await expect(taken).rejects.toThrow("enough")
})

test("a lock whose owner was killed with SIGKILL is taken over at once, by one of many", async () => {
  const { folder, path } = await lockPath()
  const child = await holder(path)
  child.kill("SIGKILL")
  await once(child, "exit")
  expect(await readdir(folder)).toEqual(["a.lock"])
  const start = performance.now()
  let inside = 0
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withFileLock(path, { waitMs: 10_000 }, async () => {
        expect(++inside).toBe(1)
        await stat(path)
        inside--
      }),
    ),
  )
  expect(performance.now() - start).toBeLessThan(5_000)
  expect(await readdir(folder)).toEqual([])
})

test.runIf(process.platform === "linux")(
  "a process id that came round again is not taken for the owner",
  async () => {
    const { path } = await lockPath()
    let content = ""
    await withFileLock(path, { waitMs: 0 }, async () => {
      content = await readFile(path, "utf8")
    })
    await writeFile(path, JSON.stringify({ ...JSON.parse(content), startTime: "1" }))
    await withFileLock(path, { waitMs: 1_000 }, async () => {})
  },
)

test.each([
  ["of another machine", JSON.stringify({ id: "x", pid: 1, host: "elsewhere", started: "" })],
  ["that cannot be read", "half"],
])("a lock %s stands while it is refreshed and falls after 30 s without", async (_, content) => {
  const { path } = await lockPath()
  const age = async (seconds: number) => {
    const time = new Date(Date.now() - seconds * 1000)
    await utimes(path, time, time)
  }
  await writeFile(path, content)
  await age(20)
  const taken = withFileLock(path, { waitMs: 0 }, async () => {})
  await expect(taken).rejects.toMatchObject({ code: "lock_timeout" })
  await age(31)
  await withFileLock(path, { waitMs: 1_000 }, async () => {})
})

test("a thief that was killed does not stop the next one for ever", async () => {
  const { folder, path } = await lockPath()
  const child = await holder(path)
  child.kill("SIGKILL")
  await once(child, "exit")
  await writeFile(`${path}.steal`, "")
  const time = new Date(Date.now() - 6_000)
  await utimes(`${path}.steal`, time, time)
  await withFileLock(path, { waitMs: 5_000 }, async () => {})
  expect(await readdir(folder)).toEqual([])
})

test("a draft of a dead process is removed", async () => {
  const { folder, path } = await lockPath()
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" })
  await once(child, "exit")
  await writeFile(`${path}.${child.pid}-01234567-89ab-4def-8123-456789abcdef`, "")
  await withFileLock(path, { waitMs: 0 }, async () => {})
  expect(await readdir(folder)).toEqual([])
})

test("an owner that was robbed does not remove the lock of its successor", async () => {
  const { path } = await lockPath()
  const successor = JSON.stringify({ id: "other", pid: process.pid, host: "elsewhere", started: "" })
  await withFileLock(path, { waitMs: 0 }, () => writeFile(path, successor))
  expect(await readFile(path, "utf8")).toBe(successor)
})

test("work that throws frees the lock, and a path that cannot be locked is an error at once", async () => {
  const { folder, path } = await lockPath()
  const work = () => Promise.reject(new Error("no"))
  await expect(withFileLock(path, { waitMs: 0 }, work)).rejects.toThrow("no")
  expect(await readdir(folder)).toEqual([])
  await mkdir(path)
  await expect(withFileLock(path, { waitMs: 0 }, async () => {})).rejects.toMatchObject({ code: "EISDIR" })
})

test("a pipe in place of the lock is not waited for beyond the limit", { timeout: 5_000 }, async () => {
  const { path } = await lockPath()
  execFileSync("mkfifo", [path])
  const taken = withFileLock(path, { waitMs: 0 }, async () => {})
  await expect(taken).rejects.toBeInstanceOf(LockTimeoutError)
})
