import { readdir, readFile } from "node:fs/promises"
import { request } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { createServer as createTcpServer, type Socket } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest"
import { createCertificates } from "./certificates.ts"
import { totpOf } from "./people/totp.ts"
import { ada, createWorld, onRedis, signIn, statusWith, tokenOf, type World } from "./people.ts"
import { migrateDatabase, run } from "./processes.ts"
import { createStandIn, openSignedIn } from "./stand-in.ts"
import { createPostgresDatabase } from "./start-postgres.ts"
import { freePort } from "./start-redis.ts"

const QUIET = { AUTHCHEMY_BREACHED_PASSWORDS_URL: "off" }
const NEW_PASSWORD = "another correct horse battery"

const authchemy = (env: Record<string, string>, ...args: string[]) =>
  run("bin/authchemy", args, { env }).finished

async function onBoth(): Promise<Record<string, string>> {
  const url = await createPostgresDatabase(inject("postgresUrl") ?? "", "operator")
  const env = { ...onRedis(42), AUTHCHEMY_DATABASE_URL: url, AUTHCHEMY_SECRET: SECRET }
  await migrateDatabase(env)
  return env
}
const SECRET = "BN1XmVw9mTjB4mVfSxu0c3pUkS2r0yQ1"

const STORES: [string, () => Promise<Record<string, string>>][] = [
  ["SQLite", async () => ({})],
  ...(inject("postgresUrl") === null ? [] : [["PostgreSQL and Redis", onBoth] as [string, typeof onBoth]]),
]

describe.each(STORES)("the operator beside a server that runs, on %s", (_store, envOf) => {
  let world: World
  beforeAll(async () => {
    world = await createWorld("operator", { ...QUIET, ...(await envOf()) })
  })
  afterAll(() => world.remove())

  const operator = (...args: string[]) => authchemy(world.server.env, ...args)
  const signedIn = async () => {
    await signIn(world, { flags: ["--port", "0", "--force"] })
    return tokenOf(world)
  }
  /** A browser in which Ada is signed in, on her Security page. */
  const security = async (browser = createStandIn()) =>
    openSignedIn(ada, `${world.server.url}/security`, browser)

  test("doctor finds nothing wrong, and changes nothing", async () => {
    const { dataDirectory } = world.server
    const files = async () =>
      Promise.all(
        (await readdir(dataDirectory).catch(() => []))
          // What processes that have SQLite's file open tell each other of it, readers too.
          .filter((name) => !name.endsWith("-shm"))
          .sort()
          .map(async (name) => [name, (await readFile(join(dataDirectory, name))).toString("base64")]),
      )
    const before = await files()
    const { code, stdout, stderr } = await operator("doctor", "--json")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(await files()).toEqual(before)
    const { ok, checks } = JSON.parse(stdout)
    expect(ok).toBe(true)
    const states = checks.map(({ check, state }: Record<string, string>) => [check, state])
    // Whether there is room on the disk is the machine's matter.
    expect(Object.fromEntries(states)).toMatchObject({
      ...{ configuration: "ok", secret: "ok", database: "ok", "token store": "ok", mail: "warning" },
      ...{ address: "ok", TLS: "ok", proxies: "ok", clock: "ok", "sign-up": "ok" },
    })
    const text = await operator("doctor")
    expect(text.stdout).toContain(`✓ address: ${world.server.url} answers, and is this server\n`)
  })

  test("S53 doctor names what is out of reach, without a password", async () => {
    const port = await freePort()
    const redis = `redis://user:the-password@127.0.0.1:${port}`
    const { code, stdout, stderr } = await authchemy(
      { ...world.server.env, AUTHCHEMY_REDIS_URL: redis },
      "doctor",
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/^authchemy: 1 of \d+ checks found something wrong\.\n$/)
    expect(stdout).toContain(`Redis cannot be used: connect ECONNREFUSED 127.0.0.1:${port}`)
    expect(stdout).not.toContain("the-password")
  })

  test("S46 S48 sessions are listed and ended, one and all, and the server refuses them at once", async () => {
    const token = await signedIn()
    expect(await statusWith(world.server, token)).toBe(200)
    const [line = "", ...more] = (await operator("sessions", "list", "--account", ada.email)).stdout
      .trimEnd()
      .split("\n")
    expect(more).toEqual([])
    expect(line).toContain("\talchemy-cli\t")
    const [id = ""] = line.split("\t")
    const ended = await operator("sessions", "revoke", id, "--account", ada.email)
    expect(ended).toMatchObject({ code: 0, stdout: `Ended the session ${id} of ${ada.email}\n` })
    expect(await statusWith(world.server, token)).toBe(401)

    const another = await signedIn()
    expect(await statusWith(world.server, another)).toBe(200)
    const all = await operator("sessions", "revoke", "--account", ada.email, "--all")
    expect(all.stdout).toBe(`Ended 1 session of ${ada.email}\n`)
    expect(await statusWith(world.server, another)).toBe(401)
    expect((await operator("sessions", "revoke", id, "--account", ada.email)).code).toBe(1)
    expect((await operator("sessions", "list", "--account", "nobody@example.com")).code).toBe(1)

    const audit = await operator("audit", "--account", ada.email, "--type", "token.revoked", "--json")
    const events = audit.stdout
      .trimEnd()
      .split("\n")
      .map((event) => JSON.parse(event))
    expect(events).toMatchObject([
      { sessionId: id, origin: { actor: "operator" }, details: { reason: "revoked" } },
      { origin: { actor: "operator" } },
    ])
  })

  test("S48 a disabled account is refused at once, everywhere, until it is enabled and signs in anew", async () => {
    const token = await signedIn()
    const browser = createStandIn()
    expect((await security(browser)).url).toContain("/security")
    expect((await operator("accounts", "disable", ada.email)).stdout).toMatch(
      /^Disabled .*ended 1 session\n$/,
    )
    expect(await statusWith(world.server, token)).toBe(401)
    expect((await browser.open(`${world.server.url}/security`)).url).toContain("/sign-in")
    const refused = await security()
    expect(refused.url).toContain("/sign-in")

    expect((await operator("accounts", "enable", ada.email)).code).toBe(0)
    expect(await statusWith(world.server, token)).toBe(401)
    expect((await browser.open(`${world.server.url}/security`)).url).toContain("/sign-in")
    expect((await security()).url).toContain("/security")
  })

  test("S48 reset ends everything, takes the second factor, and its link sets a password once", async () => {
    const browser = createStandIn()
    const begun = await browser.press(await security(browser), "Set up", { "Your password": ada.password })
    const secret = /id="totp-secret">(.*?)<\/code>/.exec(begun.html)?.[1]?.replace(/<[^>]*>/g, "") ?? ""
    await browser.press(begun, "Turn on", { "Code from the app": totpOf(secret) })
    expect((await security()).text).toContain("Code")

    const reset = await operator("accounts", "reset", ada.email, "--second-factor")
    expect(reset.stdout).toContain("removed the second factor and the passkeys")
    expect((await browser.open(`${world.server.url}/security`)).url).toContain("/sign-in")
    const [link = ""] = /http:\/\/\S+/.exec(reset.stdout) ?? []
    expect(world.server.log()).not.toContain(new URL(link).search)
    const done = await createStandIn().press(await createStandIn().open(link), "Set new password", {
      "New password": NEW_PASSWORD,
    })
    expect(done.text).toContain("Your new password is set")
    expect((await createStandIn().open(link)).text).toContain("cannot be used any more")
    const person = { email: ada.email, password: NEW_PASSWORD }
    const page = await openSignedIn(person, `${world.server.url}/security`, createStandIn())
    expect(page.text).toContain("Second factor Off")
  })
})

test("doctor is done within fifteen seconds, whoever is silent", async () => {
  const sockets = new Set<Socket>()
  const silent = createTcpServer((socket) => sockets.add(socket.on("error", () => {})))
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const at = `127.0.0.1:${(silent.address() as AddressInfo).port}`
  const { code, ms } = await authchemy(
    {
      AUTHCHEMY_URL: `https://${at}`,
      AUTHCHEMY_SECRET: SECRET,
      AUTHCHEMY_DATABASE_URL: `postgres://user@${at}/x`,
      AUTHCHEMY_REDIS_URL: `redis://${at}`,
      AUTHCHEMY_SMTP_URL: `smtp://${at}`,
      AUTHCHEMY_BREACHED_PASSWORDS_URL: `http://${at}/`,
    },
    "doctor",
  )
  expect(code).toBe(1)
  expect(ms).toBeLessThan(15_000)
})

test("behind a proxy with a certificate, doctor goes the way that people go", async () => {
  const certificates = await createCertificates()
  const tls = { key: await readFile(certificates.key), cert: await readFile(certificates.cert) }
  let upstream = 0
  const proxy = createTlsServer(tls, (incoming, answer) => {
    const { method, url: path, headers } = incoming
    const onward = request({ host: "127.0.0.1", port: upstream, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    onward.on("error", () => answer.writeHead(502).end())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  const url = `https://localhost:${(proxy.address() as AddressInfo).port}`
  const env = { ...QUIET, AUTHCHEMY_URL: url, AUTHCHEMY_TRUSTED_PROXIES: "127.0.0.1" }
  const world = await createWorld("operator-tls", env)
  upstream = world.server.port
  onTestFinished(async () => {
    proxy.closeAllConnections()
    proxy.close()
    await world.remove()
    await certificates.remove()
  })
  const trusting = { ...world.server.env, NODE_EXTRA_CA_CERTS: certificates.ca }
  const { code, stdout } = await authchemy(trusting, "doctor")
  expect(code).toBe(0)
  expect(stdout).toContain(`✓ address: ${url} answers, and is this server\n`)
  expect(stdout).toContain("! TLS: the certificate of localhost ends within a day\n")

  const distrusting = await authchemy(world.server.env, "doctor")
  expect(distrusting.code).toBe(1)
  expect(distrusting.stdout).toMatch(/^✗ TLS: there is no good TLS at .*certificate/m)
  await world.server.stop()
  const stopped = await authchemy(trusting, "doctor")
  expect(stopped.stdout).toContain(`✗ address: ${url} answers 502\n`)
})
