import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { fetchOver } from "../packages/alchemy/src/network/fetch-over.ts"
import { proxyFor } from "../packages/alchemy/src/network/proxy-from-env.ts"
import { startServer as startLocal, startProxy } from "../packages/alchemy/src/network/testing.ts"
import { type Certificates, createCertificates } from "./certificates.ts"
import { ada, urlShownBy } from "./people.ts"
import { alchemyFor, createAccount, type Server, startServer, temporaryDirectory } from "./processes.ts"
import { createStandIn, signInAndDecide } from "./stand-in.ts"
import { freePort } from "./start-redis.ts"
import { startTlsProxy, type TlsProxy } from "./tls-proxy.ts"

/** A name that no resolver knows: whoever gets there went through the proxy. */
const HOST = "auth.authchemy.invalid"
const SERVER = `https://${HOST}`

let certificates: Certificates
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let server: Server

beforeAll(async () => {
  certificates = await createCertificates([HOST])
  directory = await temporaryDirectory("proxy")
  server = await startServer({
    dataDirectory: join(directory.path, "server"),
    env: { AUTHCHEMY_URL: SERVER },
  })
  await createAccount(server, ada)
})
afterAll(async () => {
  await server.stop()
  await directory.remove()
  await certificates.remove()
})

async function proxyTo(port: number, user?: string): Promise<TlsProxy> {
  const proxy = await startTlsProxy({
    certificates,
    hosts: { [`${HOST}:443`]: port },
    ...(user === undefined ? {} : { user }),
  })
  onTestFinished(proxy.stop)
  return proxy
}

/** A machine of its own, in this environment. */
async function machine(env: Record<string, string>, authUrl = SERVER) {
  const home = await temporaryDirectory("proxy-home")
  onTestFinished(home.remove)
  return alchemyFor({ home: home.path, authUrl, env: { ALCHEMY_ADMIN_API_BASE_URL: authUrl, ...env } })
}

const errorOf = (stderr: string) => JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error

/** Ada's browser, which knows the proxy and its authority, and reaches the command's listener without it. */
async function browserBehind(proxy: TlsProxy, user: string) {
  const env = { HTTPS_PROXY: proxy.url.replace("//", `//${user}`) }
  const authority = await readFile(certificates.ca, "utf8")
  return createStandIn({
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input)
      return fetchOver({ proxy: proxyFor(url, env), certificates: [authority] }, input, init)
    },
  })
}

test("behind a proxy that looks into TLS a person signs in, works and signs out", async () => {
  const proxy = await proxyTo(server.port, "ada:p@ss/word")
  const user = "ada:p%40ss%2Fword@"
  const alchemy = await machine({
    HTTPS_PROXY: proxy.url.replace("//", `//${user}`),
    NODE_EXTRA_CA_CERTS: certificates.ca,
  })
  const login = alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const url = await urlShownBy(login)
  expect(url.startsWith(`${SERVER}/`)).toBe(true)
  const page = await signInAndDecide(ada, url, "Approve", await browserBehind(proxy, user))
  expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/)
  expect(await login.finished).toMatchObject({ code: 0 })

  const list = await alchemy.run("apps", "list")
  expect(list).toMatchObject({ code: 0 })
  expect(JSON.parse(list.stdout)).toMatchObject({ apps: [] })
  const token = (await alchemy.run("auth", "token")).stdout.trim()
  const status = () =>
    fetch(`http://127.0.0.1:${server.port}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  expect((await status()).status).toBe(200)

  const signedOut = await alchemy.run("auth", "logout")
  expect(JSON.parse(signedOut.stdout)).toMatchObject({ server: "revoked" })
  expect((await status()).status).toBe(401)
  expect(proxy.passedOn).toEqual(
    expect.arrayContaining([
      "POST /api/cli/token",
      expect.stringMatching(/^GET \/v1\/apps/),
      "POST /api/cli/logout",
    ]),
  )
  expect(new Set(proxy.connects.map(({ target, user }) => `${target} ${user}`))).toEqual(
    new Set([`${HOST}:443 ada:p@ss/word`]),
  )
})

/** One call that needs the server, with a token that no server knows. */
async function call(env: Record<string, string>, authUrl = SERVER, ...flags: string[]) {
  const token = `alchemy_at_${"0".repeat(53)}`
  const alchemy = await machine({ ALCHEMY_AUTH_TOKEN: token, ...env }, authUrl)
  const finished = await alchemy.run("apps", "list", "--debug", ...flags)
  expect(finished.stdout).toBe("")
  return { ...finished, error: errorOf(finished.stderr) }
}

test("the system's authorities are trusted as NODE_EXTRA_CA_CERTS is", async () => {
  const proxy = await proxyTo(server.port)
  for (const env of [{ SSL_CERT_FILE: certificates.ca }, { NODE_EXTRA_CA_CERTS: certificates.ca }]) {
    const { code, error } = await call({ HTTPS_PROXY: proxy.url, ...env })
    expect({ code, error: error.code }).toEqual({ code: 3, error: "AUTH_REQUIRED" })
  }
  // The first needed a second connection; the request was sent once a command.
  expect(proxy.connects).toHaveLength(3)
  expect(proxy.passedOn).toHaveLength(2)
})

test("without the proxy's authority: exit 6, and how to name it", async () => {
  const proxy = await proxyTo(server.port)
  const { code, error } = await call({ HTTPS_PROXY: proxy.url })
  expect({ code, error }).toMatchObject({ code: 6, error: { code: "NETWORK_ERROR", retryable: false } })
  expect(error.message).toContain("an authority that this machine does not know")
  expect(error.hint).toContain("NODE_EXTRA_CA_CERTS")
  const missing = await call({ HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: "/no/such/ca.pem" })
  expect(missing.error.hint).toBe("NODE_EXTRA_CA_CERTS names /no/such/ca.pem, which cannot be read.")
  expect(proxy.passedOn).toEqual([])
})

test("a sign-in that cannot trust the proxy says so as well", async () => {
  const proxy = await proxyTo(server.port)
  const alchemy = await machine({ HTTPS_PROXY: proxy.url })
  const { code, stderr } = await alchemy.run("auth", "login", "--device")
  expect({ code, error: errorOf(stderr) }).toMatchObject({ code: 6, error: { code: "NETWORK_ERROR" } })
  expect(errorOf(stderr).hint).toContain("NODE_EXTRA_CA_CERTS")
})

test.each([
  ["no user", "", "asks for a user and password"],
  ["a wrong password", "ada:hunter2@", "does not accept the user and password"],
])("%s: exit 6, with the proxy named and the password not", async (_, user, said) => {
  const proxy = await proxyTo(server.port, "ada:right")
  const { code, error, stderr } = await call({
    HTTPS_PROXY: proxy.url.replace("//", `//${user}`),
    NODE_EXTRA_CA_CERTS: certificates.ca,
  })
  expect({ code, error: error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
  expect(error.message).toContain(`The proxy ${proxy.url} ${said}`)
  expect(error.hint).toContain("HTTPS_PROXY")
  expect(stderr).not.toMatch(/hunter2|YWRh/)
})

test("a proxy that is down, and one that cannot be one", async () => {
  const port = await freePort()
  const down = await call({ https_proxy: `http://ada:hunter2@127.0.0.1:${port}` })
  expect({ code: down.code, error: down.error.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
  expect(down.error.message).toContain(`The proxy http://127.0.0.1:${port} could not be reached`)
  expect(down.error.hint).toContain("https_proxy")
  const bad = await call({ HTTPS_PROXY: "socks5://ada:hunter2@127.0.0.1:1080" })
  expect({ code: bad.code, error: bad.error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(bad.error.message).toMatch(/^HTTPS_PROXY /)
  expect(`${down.stderr}${bad.stderr}`).not.toContain("hunter2")
})

test("NO_PROXY is reached without the proxy", async () => {
  const proxy = await proxyTo(server.port)
  const exempt = await call({ HTTPS_PROXY: proxy.url, NO_PROXY: `other.test,.authchemy.invalid` })
  expect(exempt.code).toBe(6)
  expect(exempt.error.message).toContain("name")
  expect(proxy.connects).toEqual([])
})

test.each<Record<string, string>>([{}, { NODE_USE_ENV_PROXY: "1" }, { NODE_OPTIONS: "--use-env-proxy" }])(
  "no proxy sees what is sent to this machine, whatever the runtime is told: %j",
  async (told) => {
    const heard: unknown[] = []
    const local = await startLocal((request, response) => {
      heard.push(request.headers.authorization)
      response.writeHead(401).end()
    })
    const proxy = await startProxy({ to: local.port })
    for (const name of ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY"]) {
      for (const host of ["localhost", "127.0.0.1"]) {
        const here = await call({ ...told, [name]: proxy.url }, `http://${host}:${local.port}`)
        expect({ code: here.code, error: here.error.code }).toEqual({ code: 3, error: "AUTH_REQUIRED" })
      }
    }
    expect(proxy.seen).toEqual([])
    expect(heard).toEqual(Array(6).fill(expect.stringMatching(/^Bearer alchemy_at_/)))
  },
)

test("an HTTP_PROXY that cannot be one is not used, and no error", async () => {
  const local = await startLocal((_request, response) => response.writeHead(401).end())
  const { error } = await call({ HTTP_PROXY: "socks5://x" }, `http://localhost:${local.port}`)
  expect(error.code).toBe("AUTH_REQUIRED")
})

test.each([
  ["101", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "60000"],
  ["a body that the time limit cuts", 'HTTP/1.1 200 OK\r\n\r\n{"data":{"apps":[]}}', "500"],
])("%s is a network failure, also where the runtime's fetch is not used", async (_, answer, timeout) => {
  const local = await startLocal(({ socket }) => void socket.write(answer))
  const url = `http://127.0.0.1:${local.port}`
  const { code, error } = await call({ HTTP_PROXY: "http://proxy.invalid" }, url, "--timeout", timeout)
  expect({ code, error: error?.code }).toEqual({ code: 6, error: "NETWORK_ERROR" })
})
