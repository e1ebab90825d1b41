import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { mintToken } from "@authchemy/tokens"
import { beforeAll, expect, onTestFinished, test, vi } from "vitest"
import { parseConfig } from "./config.ts"
import { createLogger } from "./logging.ts"
import { form, loginQuery, PASSWORD, REDIRECT, sealedRequestIn } from "./routes/testing.ts"
import { startServer } from "./serve.ts"

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-serve-"))
  return () => rm(directory, { recursive: true, force: true })
})

const environment = () => ({ AUTHCHEMY_PORT: "0", AUTHCHEMY_DATA_DIR: directory })

test("a person creates an account, approves, and the program's token works until it is revoked", async () => {
  const log: string[] = []
  const server = await startServer(
    parseConfig(environment()),
    createLogger({ write: (line) => log.push(line) }),
  )
  onTestFinished(() => server.stop())
  const { issuer } = server
  expect(issuer).toBe(`http://localhost:${server.port}`)
  expect(log.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ msg: "listening", url: issuer, port: server.port }),
  )
  const call = (path: string, init: RequestInit = {}) => fetch(issuer + path, { ...init, redirect: "manual" })

  const { query, verifier } = loginQuery()
  const toSignIn = await call(`/login?${query}`)
  expect(toSignIn.headers.get("location")).toMatch(/^\/sign-in\?return_to=/)
  const account = { email: "ada@example.com", name: "Ada", password: PASSWORD, return_to: `/login?${query}` }
  const created = await call("/create-account", form(account))
  const Cookie = created.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ")
  const page = await (await call(created.headers.get("location") ?? "", { headers: { Cookie } })).text()
  expect(page).toMatch(/<dt>Address<\/dt><dd><bdi>(127\.0\.0\.1|::1) \(the server&#39;s own machine\)<\/bdi>/)

  const fields = { request: sealedRequestIn(page), decision: "approve" }
  const approved = await call("/login", form(fields, { Cookie }))
  const back = new URL(approved.headers.get("location") ?? "")
  expect(back.searchParams.get("iss")).toBe(issuer)

  const redeemed = await call("/api/cli/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      code: back.searchParams.get("code"),
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    }),
  })
  const { authToken } = (await redeemed.json()) as { authToken: string }
  const Authorization = `Bearer ${authToken}`
  expect(await (await call("/v1/me", { headers: { Authorization } })).text()).toContain("ada@example.com")
  expect((await call("/readyz")).status).toBe(200)

  const loggedOut = await call("/api/cli/logout", { method: "POST", headers: { Authorization } })
  expect(await loggedOut.json()).toEqual({ revoked: true })
  expect((await call("/v1/me", { headers: { Authorization } })).status).toBe(401)
  expect(log.join("")).not.toContain(authToken)
})

const quiet = () => createLogger({ write: () => {} })

test.each([
  [false, 503],
  [true, 200],
])("while it drains, staying ready %s, it answers on, and readiness is %i", async (staysReady, readiness) => {
  const drained = Promise.withResolvers<void>()
  const wait = vi.fn(() => drained.promise)
  const server = await startServer(parseConfig(environment()), quiet(), { wait })
  expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
  const stopped = server.stop({ drainMs: 1_500, staysReady })
  expect(wait).toHaveBeenCalledWith(1_500)
  const answer = await fetch(`${server.issuer}/readyz`)
  expect(answer.status).toBe(readiness)
  expect(answer.headers.get("connection")).toBe("close")
  drained.resolve()
  await stopped
  await expect(fetch(`${server.issuer}/readyz`)).rejects.toThrow()
})

test("beside others it takes the port last, and fails where it cannot have it", async () => {
  const first = await startServer(parseConfig(environment()), quiet())
  onTestFinished(() => first.stop())
  const taken = parseConfig({ ...environment(), AUTHCHEMY_PORT: String(first.port) })
  await expect(startServer(taken, quiet(), { besideOthers: true })).rejects.toMatchObject({
    code: "listen_failed",
  })
})

test("S53 /metrics counts what was asked, and says no token", async () => {
  const server = await startServer(parseConfig(environment()), quiet())
  onTestFinished(() => server.stop())
  const token = mintToken("at", "somebody", randomBytes)
  await fetch(`${server.issuer}/v1/me`, { headers: { Authorization: `Bearer ${token}` } })
  await fetch(`${server.issuer}/${token}?${token}`)
  const text = await (await fetch(`${server.issuer}/metrics`)).text()
  expect(text).toContain('authchemy_http_requests_total{route="/*",method="GET",status="404"} 1')
  expect(text).toMatch(/^authchemy_verifications_total\{outcome="refused"\} 1$/m)
  expect(text).not.toContain(token.slice(-49))
})

test.each(["SIGTERM", "SIGINT"] as const)("%s stops the process with exit code 0", async (signal) => {
  const bin = fileURLToPath(new URL("bin.ts", import.meta.url))
  const child = spawn(process.execPath, ["--conditions=authchemy-source", bin], {
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  let output = ""
  const listening = Promise.withResolvers<void>()
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString()
    if (output.includes('"listening"')) listening.resolve()
  })
  const exited = once(child, "exit")
  await Promise.race([listening.promise, exited])
  child.kill(signal)
  expect(await exited).toEqual([0, null])
  const lines: unknown[] = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  expect(lines).toEqual([
    expect.objectContaining({ msg: "listening" }),
    expect.objectContaining({ msg: "stopping", signal }),
    expect.objectContaining({ msg: "stopped" }),
  ])
})
