import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ada, createWorld, type World } from "./people.ts"
import { machinePath, run, temporaryDirectory } from "./processes.ts"
import { signInAndDecide } from "./stand-in.ts"
import { freePort } from "./start-redis.ts"

const root = resolve(import.meta.dirname, "..")
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let world: World

/** What npm needs of this machine to reach its registry, and not what an outer npm has set for itself. */
const npmEnvironment = Object.fromEntries(
  ["HOME", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "npm_config_registry", "npm_config_cafile"]
    .flatMap((name): [string, string][] => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    })
    .concat([["PATH", machinePath]]),
)

const npm = async (...args: string[]) => {
  const finished = await run(
    "npm",
    [
      ...[...args, "--no-audit", "--no-fund", "--loglevel=error"],
      ...["--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=5000"],
    ],
    {
      cwd: folder.path,
      env: npmEnvironment,
    },
  ).finished
  if (finished.code !== 0) throw new Error(`npm ${args.join(" ")}: ${finished.stderr}`)
  return finished.stdout
}

beforeAll(async () => {
  folder = await temporaryDirectory("packed")
  world = await createWorld("packed-server")
  for (const name of ["protocol", "tokens", "authchemy", "cli-sign-in", "alchemy"]) {
    await npm("pack", join(root, "packages", name), "--pack-destination", folder.path)
  }
  await writeFile(join(folder.path, "package.json"), '{ "private": true, "type": "module" }')
  const tarballs = (await readdir(folder.path)).filter((name) => name.endsWith(".tgz"))
  expect(tarballs).toHaveLength(5)
  await npm(
    "install",
    ...tarballs.map((name) => `./${name}`),
    "node@22",
    "typescript@7.0.2",
    "@types/node@24",
  )
}, 300_000)
afterAll(async () => {
  await world.remove()
  await folder.remove()
})

const nodes = [
  ["22", () => join(folder.path, "node_modules/node/bin/node")],
  ["24", () => process.execPath],
] as const
const dist = () => join(folder.path, "node_modules/@authchemy/alchemy/dist")

test.each(nodes)("the packed `alchemy` signs in and out on Node %s", async (version, node) => {
  const bin = join(dist(), "bin.js")
  const home = join(folder.path, `home-${version}`)
  const env = { HOME: home, ALCHEMY_CONFIG: join(home, "config.json"), ALCHEMY_AUTH_URL: world.server.url }
  const alchemy = (...args: string[]) => run(node(), [bin, ...args], { env, cwd: folder.path })
  expect((await run(node(), ["--version"]).finished).stdout).toMatch(new RegExp(`^v${version}\\.`))
  expect((await alchemy("--version").finished).stdout).toContain("0.1.0")
  const login = alchemy("auth", "login", "--no-browser", "--port", "0")
  const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
  await signInAndDecide(ada, url)
  expect((await login.finished).code).toBe(0)
  expect(JSON.parse((await alchemy("auth", "status").finished).stdout)).toMatchObject({ state: "active" })
  expect(JSON.parse((await alchemy("auth", "logout").finished).stdout)).toMatchObject({ server: "revoked" })
})

/** What a file imports at once, and what these import. */
async function readAtOnce(file: string): Promise<Set<string>> {
  const files = new Set([file])
  for (const one of files) {
    const text = await readFile(join(dist(), one), "utf8")
    for (const [, other = ""] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) files.add(other)
  }
  return files
}

test("each command is one file of the package, and two more at most are read with it", async () => {
  const sources = ["program.ts", "program/auth.ts", "program/apps.ts"].map((file) =>
    readFile(join(root, "packages/alchemy/src", file), "utf8"),
  )
  const program = (await Promise.all(sources)).join()
  const named = Array.from(program.matchAll(/import\("\.\.?\/commands\/([^"]+)\.ts"\)/g), ([, path = ""]) =>
    path.replaceAll("/", "-"),
  )
  expect(named).toContain("auth-login")
  const files = await readdir(dist())
  // What every start reads holds these two.
  const atStart = ["auth-status", "version"]
  const commands = new Set(named.filter((name) => !atStart.includes(name)).map((name) => `${name}.js`))
  expect([...commands].filter((file) => !files.includes(file))).toEqual([])
  const bin = await readFile(join(dist(), "bin.js"), "utf8")
  const [, start = ""] = /import\("\.\/([^"]+)"\)/.exec(bin) ?? []
  expect(await readAtOnce(start)).toEqual(new Set([start]))
  for (const command of commands) {
    const others = [...(await readAtOnce(command))].filter((file) => file !== command && file !== start)
    expect(others.length, `${command} reads ${others}`).toBeLessThanOrEqual(2)
  }
})

test.each(nodes)("every file of the packed `alchemy` loads on Node %s", async (_version, node) => {
  const programs = ["bin.js", "keychain-process.js"]
  const files = (await readdir(dist())).filter((name) => name.endsWith(".js") && !programs.includes(name))
  const script = "for (const file of process.argv.slice(1)) await import(file)"
  const urls = files.map((file) => String(pathToFileURL(join(dist(), file))))
  const loaded = await run(node(), ["--input-type=module", "--eval", script, ...urls]).finished
  expect(loaded).toMatchObject({ code: 0, stdout: "", stderr: "" })
  const request = JSON.stringify({ do: "read", service: "packed-test", entry: "none" })
  const env = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere", XDG_RUNTIME_DIR: folder.path }
  const asked = await run(node(), [join(dist(), "keychain-process.js")], { env, input: request }).finished
  expect(Object.keys(JSON.parse(asked.stdout))).toContain(process.platform === "linux" ? "error" : "secret")
})

test("`--help` of every command comes from the packed build", async () => {
  const env = { HOME: folder.path }
  const helpOf = async (words: string[]): Promise<string[]> => {
    const help = await run(process.execPath, [join(dist(), "bin.js"), ...words, "--help"], { env }).finished
    expect(help, words.join(" ")).toMatchObject({ code: 0, stderr: "" })
    expect(help.stdout).toContain(`Usage: ${["alchemy", ...words].join(" ")}`)
    const [, list = ""] = /^Commands:\n((?: .*\n)+)/m.exec(help.stdout) ?? []
    const names = Array.from(list.matchAll(/^ {2}([\w-]+)/gm), ([, name = ""]) => name).filter(
      (name) => name !== "help",
    )
    const below = await Promise.all(names.map((name) => helpOf([...words, name])))
    return names.length === 0 ? [words.join(" ")] : below.flat()
  }
  const commands = await helpOf([])
  expect(commands).toEqual(expect.arrayContaining(["auth login", "auth status", "apps list", "config path"]))
})

test("the packed `alchemy` keeps what was compiled where no other user can put it, and does without", async () => {
  const place = async (name: string) => {
    await mkdir(join(folder.path, name))
    return join(folder.path, name)
  }
  const [home, caches, temporary, readOnly] = [
    await place("home-compiled"),
    await place("caches"),
    await place("temporary"),
    await place("read-only"),
  ]
  await chmod(readOnly, 0o500)
  const version = async (env: Record<string, string>) => {
    const args = [join(dist(), "bin.js"), "--version"]
    const shown = await run(process.execPath, args, { env: { TMPDIR: temporary, ...env } }).finished
    expect(shown).toMatchObject({ code: 0, stdout: "alchemy 0.1.0\n", stderr: "" })
  }
  const kept = async (directory: string) => {
    const [cache = ""] = await readdir(directory)
    return readdir(join(directory, cache))
  }
  await version({ HOME: home })
  const first = await kept(join(home, ".cache/alchemy"))
  expect(first.length).toBeGreaterThan(0)
  await version({ HOME: home })
  expect(await kept(join(home, ".cache/alchemy"))).toEqual(first)
  await version({ HOME: home, XDG_CACHE_HOME: caches })
  expect(await kept(join(caches, "alchemy"))).toEqual(first)
  for (const other of ["", "relative", "/dev/null", readOnly, join(folder.path, "not-there")]) {
    await version({ HOME: other })
  }
  await version({ HOME: home, NODE_DISABLE_COMPILE_CACHE: "1" })
  expect(await readdir(temporary)).toEqual([])
})

test("the packed libraries and the packed server run, and their types are good", async () => {
  await writeFile(
    join(folder.path, "use.ts"),
    `import { ALCHEMY_GRANT, AUTH_PORT } from "@authchemy/protocol"
import { createTokenService, openStore, type Session } from "@authchemy/tokens"
import { performBrowserLogin, logOut } from "@authchemy/cli-sign-in"
import { createApp } from "authchemy"
const tokens = createTokenService({ store: await openStore({ sqlitePath: "tokens.db", redisUrl: null }) })
const { token } = await tokens.createSession({ ...ALCHEMY_GRANT, accountId: "a", expiresInSeconds: 60, device: {} })
const session: Session | null = await tokens.verify(token)
console.log(AUTH_PORT, session?.accountId, typeof performBrowserLogin, typeof logOut, typeof createApp)
await tokens.close()
`,
  )
  const tsc = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--types",
    "node",
    "--skipLibCheck",
  ]
  expect((await run("npx", ["tsc", ...tsc, "use.ts"], { cwd: folder.path }).finished).stdout).toBe("")
  const used = await run(process.execPath, ["use.ts"], { cwd: folder.path }).finished
  expect(used.stdout).toBe("16424 a function function function\n")
  const version = await run(
    process.execPath,
    [join(folder.path, "node_modules/authchemy/dist/bin.js"), "--version"],
    { cwd: folder.path },
  ).finished
  expect(version.stdout).toContain("0.1.0")
})

test("the packed server serves its pages with all that they load", async () => {
  const port = await freePort()
  const env = { AUTHCHEMY_PORT: String(port), AUTHCHEMY_DATA_DIR: join(folder.path, "server-data") }
  const bin = join(folder.path, "node_modules/authchemy/dist/bin.js")
  const server = run(process.execPath, [bin], { env, cwd: folder.path })
  try {
    await server.shows(/listening/i)
    const get = async (path: string) => {
      const response = await fetch(`http://localhost:${port}${path}`)
      const type = response.headers.get("content-type")
      return { status: response.status, type, body: await response.text() }
    }
    const page = await get("/sign-in")
    expect([page.status, page.type]).toEqual([200, "text/html; charset=UTF-8"])
    const named = page.body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)
    const assets = [...new Set(Array.from(named, ([, path = ""]) => path))]
    const types: Record<string, string> = {
      css: "text/css; charset=utf-8",
      js: "text/javascript; charset=utf-8",
      svg: "image/svg+xml",
    }
    expect(assets.map((path) => path.split(".").at(-1)).sort()).toEqual(["css", "js", "svg"])
    for (const path of assets) {
      const { status, type, body } = await get(path)
      expect([path, status, type]).toEqual([path, 200, types[path.split(".").at(-1) ?? ""]])
      expect(body.length).toBeGreaterThan(100)
    }
  } finally {
    server.child.kill("SIGTERM")
  }
  expect((await server.finished).code).toBe(0)
})
