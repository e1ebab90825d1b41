import { execFile } from "node:child_process"
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"

const SOURCE = fileURLToPath(new URL("bin.ts", import.meta.url))
const SOMEBODY_ELSE = 65_534
const ours = process.platform === "linux"
const asRoot = ours && process.getuid?.() === 0

/** A home directory, how the command is started in it, and what that leaves in a directory there. */
async function newHome() {
  const folder = await mkdtemp(join(tmpdir(), "alchemy-bin-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = join(folder, "home")
  await mkdir(home, { mode: 0o755 })
  const start = async (env: Record<string, string> = {}) => {
    const argv = [process.execPath, "--conditions=authchemy-source", SOURCE, "--version"]
    // With the umask of a system that gives each user a group.
    const { stdout } = await promisify(execFile)("sh", ["-c", 'umask 002; exec "$@"', "sh", ...argv], {
      env: { PATH: process.env.PATH, HOME: home, TMPDIR: folder, ...env },
    })
    expect(stdout).toMatch(/\d+\.\d+\.\d+/)
  }
  const kept = async (path: string) => (await readdir(join(home, path)).catch(() => [])).length
  return { home, folder, start, kept }
}

test.runIf(ours)("what was compiled is kept in directories that are this user's alone", async () => {
  const { home, folder, start, kept } = await newHome()
  await start()
  expect(await kept(".cache/alchemy")).toBe(1)
  expect((await stat(join(home, ".cache/alchemy"))).mode & 0o777).toBe(0o700)
  for (const name of await readdir(join(home, ".cache/alchemy"))) {
    await rename(join(home, ".cache/alchemy", name), join(home, "earlier"))
  }
  await start()
  expect(await kept(".cache/alchemy")).toBe(1)
  await mkdir(join(home, "caches"), { mode: 0o700 })
  await start({ XDG_CACHE_HOME: join(home, "caches") })
  expect(await kept("caches/alchemy")).toBe(1)
  expect(await readdir(folder)).toEqual(["home"])
})

const CACHE = ".cache/alchemy"

test.runIf(ours).each<[string, (home: string) => Promise<unknown>]>([
  ["a home that is everybody's, as /tmp is", (home) => chmod(home, 0o1777)],
  ["a home that is a group's", (home) => chmod(home, 0o775)],
  ["caches that are everybody's", (home) => chmod(join(home, ".cache"), 0o1777)],
  ["a cache that is a group's", (home) => chmod(join(home, CACHE), 0o775)],
  ["caches that are a link", (home) => linkInstead(join(home, ".cache"))],
  ["a cache that is a link", (home) => linkInstead(join(home, CACHE))],
])("%s: nothing is kept, and nothing taken", async (_, spoil) => {
  const { home, folder, start, kept } = await newHome()
  await mkdir(join(home, CACHE), { recursive: true, mode: 0o700 })
  await spoil(home)
  await start()
  expect(await kept(CACHE)).toBe(0)
  expect(await readdir(folder)).toEqual(["home"])
})

test.runIf(asRoot).each(["", ".cache", CACHE])("~/%s of another user: nothing is taken", async (path) => {
  const { home, start, kept } = await newHome()
  await mkdir(join(home, CACHE), { recursive: true, mode: 0o700 })
  await chown(join(home, path), SOMEBODY_ELSE, SOMEBODY_ELSE)
  await start()
  expect(await kept(CACHE)).toBe(0)
})

/** Puts a link to a directory in its place. */
async function linkInstead(path: string) {
  await rename(path, `${path}-elsewhere`)
  await symlink(`${path}-elsewhere`, path)
}
