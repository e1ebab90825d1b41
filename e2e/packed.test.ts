import { readdir, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ada, createWorld, type World } from "./people.ts"
import { machinePath, run, temporaryDirectory } from "./processes.ts"
import { signInAndDecide } from "./stand-in.ts"

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

test.each([
  ["22", () => join(folder.path, "node_modules/node/bin/node")],
  ["24", () => process.execPath],
])("the packed `alchemy` signs in and out on Node %s", async (version, node) => {
  const bin = join(folder.path, "node_modules/@authchemy/alchemy/dist/bin.js")
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
