import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, chown, mkdir, readFile, writeFile } from "node:fs/promises"
import { createServer, type ListenOptions, type Socket } from "node:net"
import { join } from "node:path"
import { revocationHandleOf } from "@authchemy/protocol"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { createWorld, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { alchemyFor, type Finished, run, temporaryDirectory } from "./processes.ts"

type Report = { id: string; verdict: string; found: string; todo?: string; fixed?: string }

const reportsOf = ({ stdout }: Finished): Report[] => JSON.parse(stdout).checks
const reportOf = (finished: Finished, id: string) => reportsOf(finished).find((report) => report.id === id)
const problemsIn = (finished: Finished) =>
  reportsOf(finished).flatMap(({ id, verdict }) => (verdict === "problem" ? [id] : []))

const NOBODY_ID = 65_534
const isRoot = process.getuid?.() === 0

describe("with a server that is up", () => {
  let world: World
  beforeAll(async () => {
    world = await createWorld("doctor")
    await signIn(world)
  })
  afterAll(() => world.remove())

  test("everything is fine", async () => {
    const doctor = await world.alchemy.run("auth", "doctor")
    expect(problemsIn(doctor)).toEqual([])
    expect(doctor.code).toBe(0)
    expect(JSON.parse(doctor.stdout)).toMatchObject({ ok: true })
    expect(reportOf(doctor, "sign-in")?.found).toMatch(/^signed in as ada@example\.com.*accepts it$/)
    expect(reportOf(doctor, "auth-server")?.found).toContain(world.server.url)
    expect(reportOf(doctor, "clock")?.verdict).toBe("ok")
    expect(doctor.stdout).not.toContain(await tokenOf(world))
  })

  test("the port is taken by another process, which is named; sign-in works all the same", async () => {
    const holder = await holdCallbackPort()
    const doctor = await world.alchemy.run("auth", "doctor")
    expect(doctor.code).toBe(0)
    expect(reportOf(doctor, "callback-port")).toMatchObject({
      verdict: "note",
      found: holder === null ? expect.stringMatching(/^16424 is taken on /) : foundOf(holder),
    })
  })

  test("a sign-out that is pending: said, and with `--fix` the session ends", async () => {
    const token = await tokenOf(world)
    const { configPath } = world.alchemy
    const before = await readFile(configPath, "utf8")
    onTestFinished(() => writeFile(configPath, before))
    const since = new Date().toISOString()
    const pending = { handle: revocationHandleOf(token), server: world.server.url, expiresAt: null, since }
    await writeFile(configPath, JSON.stringify({ pending_revocations: [pending] }))

    const looked = await world.alchemy.run("auth", "doctor")
    expect(looked.code).toBe(1)
    expect(problemsIn(looked)).toEqual(["pending-sign-outs"])
    expect(await statusWith(world.server, token)).toBe(200)

    const mended = await world.alchemy.run("auth", "doctor", "--fix")
    expect(mended.code).toBe(0)
    expect(reportOf(mended, "pending-sign-outs")).toMatchObject({ fixed: "1 ended on the server" })
    expect(await statusWith(world.server, token)).toBe(401)
  })
})

describe("with a server that is not", () => {
  test("down: said, with why and what to do", async () => {
    const directory = await temporaryDirectory("doctor-down")
    onTestFinished(directory.remove)
    const alchemy = alchemyFor({ home: directory.path, authUrl: "http://127.0.0.1:2" })
    const doctor = await alchemy.run("auth", "doctor")
    expect(doctor.code).toBe(1)
    expect(problemsIn(doctor)).toEqual(["auth-server", "admin-api"])
    expect(reportOf(doctor, "auth-server")).toMatchObject({
      found: "http://127.0.0.1:2 could not be reached: the connection was refused (127.0.0.1, port 2)",
      todo: expect.stringContaining("Start the server"),
    })
    expect((await alchemy.run("auth", "doctor", "--offline")).code).toBe(0)
  })

  test.skipIf(process.platform !== "linux")(
    "silent, as the keychain is: done within five seconds, mending included",
    async () => {
      const directory = await temporaryDirectory("doctor-silent")
      onTestFinished(directory.remove)
      const { port } = await listenInSilence({ port: 0, host: "127.0.0.1" })
      const bus = join(directory.path, "bus")
      await listenInSilence({ path: bus })
      const server = `http://127.0.0.1:${port}`
      const alchemy = alchemyFor({
        home: directory.path,
        authUrl: server,
        env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}` },
      })
      const handle = `tAg9.${"a".repeat(43)}`
      const content = {
        auth_token_keychain: { entry: "e1", digest: "a".repeat(43), handle },
        auth_token_server: server,
        keychain_leftovers: [{ entry: "e2" }],
        pending_revocations: [{ handle, server, expiresAt: null, since: new Date().toISOString() }],
      }
      await writeFile(alchemy.configPath, JSON.stringify(content), { mode: 0o600 })
      const doctor = await alchemy.run("auth", "doctor", "--fix")
      expect(doctor.ms).toBeLessThan(5000)
      expect(doctor.code).toBe(1)
      expect(problemsIn(doctor)).toEqual([
        "credential-store",
        "pending-sign-outs",
        "auth-server",
        "admin-api",
      ])
      expect(reportOf(doctor, "auth-server")?.found).toBe(
        `${server} could not be reached: it did not answer within 2 s`,
      )
      expect(reportOf(doctor, "credential-store")?.found).toContain("it did not answer within 3 s")
    },
  )
})

describe("with a directory that cannot be used", () => {
  test("nothing can be written to it: said, and nothing breaks", async () => {
    const directory = await temporaryDirectory("doctor-locked")
    onTestFinished(directory.remove)
    const locked = join(directory.path, "locked")
    await mkdir(locked)
    if (isRoot) for (const path of [directory.path, locked]) await chown(path, NOBODY_ID, NOBODY_ID)
    await chmod(locked, 0o500)
    const { env } = alchemyFor({
      home: directory.path,
      authUrl: "http://127.0.0.1:2",
      env: { ALCHEMY_CONFIG: join(locked, "config.json") },
    })
    const doctor = await asNobody(["auth", "doctor", "--fix", "--offline"], env)
    expect(doctor.code).toBe(1)
    expect(problemsIn(doctor)).toEqual(["config-file"])
    expect(reportOf(doctor, "config-file")).toMatchObject({
      found: "its directory ~/locked cannot be written (EACCES), so nothing can be stored",
      todo: expect.stringContaining("ALCHEMY_CONFIG"),
    })
  })
})

/** Takes connections and never answers, until the test is over. */
async function listenInSilence(at: ListenOptions): Promise<{ port: number }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {})))
  server.listen(at)
  await once(server, "listening")
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === "object" && address !== null ? address.port : 0 }
}

/** Runs the command as somebody to whom modes apply: not as root. */
function asNobody(args: string[], env: Record<string, string>): Promise<Finished> {
  const alchemy = join(import.meta.dirname, "../bin/alchemy")
  const become = ["--reuid", String(NOBODY_ID), "--regid", String(NOBODY_ID), "--clear-groups"]
  return isRoot
    ? run("setpriv", [...become, alchemy, ...args], { env }).finished
    : run(alchemy, args, { env }).finished
}

const foundOf = (holder: ChildProcess) => `16424 is taken on 127.0.0.1 by node (process ${holder.pid})`

/**
 * A process that listens where a sign-in would, until the test is over. `null`: somebody else on this machine does so, and goes
 * on doing it.
 */
async function holdCallbackPort(): Promise<ChildProcess | null> {
  const program = `
    const stop = Date.now() + 10_000
    const listen = () => require("node:net").createServer()
      .on("error", () => Date.now() > stop ? console.log("taken") : setTimeout(listen, 50))
      .listen(16424, "127.0.0.1", () => console.log("listening"))
    listen()`
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill())
  const [said] = await once(child.stdout, "data")
  return String(said).startsWith("listening") ? child : null
}
