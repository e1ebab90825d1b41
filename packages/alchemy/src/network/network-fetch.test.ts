import { createServer } from "node:net"
import { expect, test, vi } from "vitest"
import { networkFetch } from "./network-fetch.ts"
import { selfSigned, startProxy, startServer } from "./testing.ts"

const authority = selfSigned("auth.test", "127.0.0.1")
const trusted = vi.hoisted(() => ({ certificates: [] as string[] }))
vi.mock(import("./trusted-certificates.ts"), async (original) => ({
  ...(await original()),
  systemCertificates: () => trusted.certificates,
}))

/**
 * A server over TLS that says what it was asked, and a proxy to it; its authority is known to the system,
 * unless it is not.
 */
async function world(options: { known?: boolean; refuse?: number; tlsProxy?: boolean } = {}) {
  const { known = true, refuse, tlsProxy = false } = options
  trusted.certificates = known ? [authority.cert] : []
  const asked: string[] = []
  const server = await startServer(
    async (request, response) => {
      let body = ""
      for await (const chunk of request.setEncoding("utf8")) body += chunk
      asked.push(`${request.method} ${request.headers.host}${request.url} ${body}`.trim())
      if (request.url === "/none") return void response.writeHead(204).end()
      if (request.url === "/moved") return void response.writeHead(302, { location: "/x" }).end()
      response.setHeader("set-cookie", ["a=1", "b=2"])
      response
        .writeHead(request.method === "POST" ? 201 : 200, { "content-type": "text/plain" })
        .end(`got ${body}`)
    },
    { tls: authority },
  )
  const proxy = await startProxy({
    to: server.port,
    ...(refuse === undefined ? {} : { refuse: () => refuse }),
    ...(tlsProxy ? { tls: authority } : {}),
  })
  return { ...server, asked, proxy }
}

const direct = () => vi.fn<typeof fetch>(async () => new Response("direct"))

test("each request names the command and its version, and keeps what else it says", async () => {
  const told: (string | null)[][] = []
  const send: typeof fetch = async (_input, init) => {
    const headers = new Headers(init?.headers)
    told.push([headers.get("user-agent"), headers.get("accept")])
    return new Response()
  }
  const fetchIt = networkFetch({}, send)
  await fetchIt("https://auth.test/x", { headers: { Accept: "a/b" } })
  await fetchIt(new Request("https://auth.test/x", { headers: { Accept: "a/b" } }))
  expect(told).toEqual(Array(2).fill([expect.stringMatching(/^alchemy-cli\/\d/), "a/b"]))
})

test("without a variable the runtime's own fetch sends, with what it was given", async () => {
  const send = direct()
  const init = { method: "POST" }
  await networkFetch({ HTTPS_PROXY: "", NO_PROXY: "x" }, send)("https://auth.test/x", init)
  expect(send.mock.calls).toEqual([["https://auth.test/x", { ...init, headers: expect.any(Headers) }]])
})

test("a name that only the proxy knows is reached through it", async () => {
  const { proxy, asked } = await world()
  const request = networkFetch({ HTTPS_PROXY: proxy.url })
  const response = await request("https://auth.test/x?y=1", {
    method: "POST",
    body: new URLSearchParams({ a: "ä" }),
    redirect: "manual",
  })
  expect({ status: response.status, text: await response.text() }).toEqual({
    status: 201,
    text: "got a=%C3%A4",
  })
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"])
  expect(asked).toEqual(["POST auth.test/x?y=1 a=%C3%A4"])
  expect(proxy.seen[0]).toEqual({ target: "auth.test:443", authorization: undefined })
  expect(await (await request("https://auth.test:8443/")).text()).toBe("got ")
  expect(asked[1]).toBe("GET auth.test:8443/")
  expect((await request("https://auth.test/none")).status).toBe(204)
  expect((await request("https://auth.test/moved")).status).toBe(302)
})

test("user and password reach the proxy and not the server", async () => {
  const { proxy, server } = await world()
  const url = proxy.url.replace("//", "//ada:p%40ss@")
  const headers = new Promise((resolve) => server.once("request", (request) => resolve(request.headers)))
  await networkFetch({ HTTPS_PROXY: url })("https://auth.test/x")
  expect(await headers).not.toHaveProperty("proxy-authorization")
  expect(proxy.seen[0]?.authorization).toBe(`Basic ${Buffer.from("ada:p@ss").toString("base64")}`)
})

test("a proxy that is spoken to in TLS", async () => {
  const { proxy, asked } = await world({ tlsProxy: true })
  const response = await networkFetch({ HTTPS_PROXY: proxy.url })("https://auth.test/x")
  expect([response.status, asked]).toEqual([200, ["GET auth.test/x"]])
})

test("NO_PROXY and this machine are reached without it, and without the runtime's fetch", async () => {
  const { proxy, port } = await world()
  const here = await startServer((_request, response) => response.end("here"))
  const send = direct()
  for (const env of [{ HTTPS_PROXY: proxy.url }, { http_proxy: proxy.url }, { HTTP_PROXY: "http://" }]) {
    const request = networkFetch({ ...env, NO_PROXY: "auth.test" }, send)
    for (const host of ["127.0.0.1", "localhost"]) {
      expect(await (await request(`http://${host}:${here.port}/`)).text()).toBe("here")
    }
    expect((await request(`https://127.0.0.1:${port}/x`)).status).toBe(200)
    await expect(request("https://auth.test/x")).rejects.toMatchObject({ syscall: "getaddrinfo" })
  }
  expect([send.mock.calls, proxy.seen]).toEqual([[], []])
})

test.each([
  [407, "", "asks for a user and password", false],
  [407, "ada:hunter2@", "does not accept the user and password", false],
  [403, "ada:hunter2@", "did not connect to auth.test (403)", false],
  [502, "", "did not connect to auth.test (502)", true],
])("a proxy that answers %i to %j: %s", async (refuse, user, said, retryable) => {
  const { proxy } = await world({ refuse })
  const request = networkFetch({ https_proxy: proxy.url.replace("//", `//${user}`) })
  const error = await request("https://auth.test/x").catch((caught) => caught)
  expect(error).toMatchObject({ code: "NETWORK_ERROR", exitCode: 6, retryable })
  expect(error.message).toContain(`The proxy ${proxy.url} `)
  expect(error.message).toContain(said)
  expect(error.hint).toMatch(refuse === 407 ? /^Set https_proxy to / : /NO_PROXY=auth\.test/)
  expect(`${error.stack}${error.hint}${error.reason}`).not.toContain("hunter2")
})

test("a proxy that is down, or whose name nobody knows, is named", async () => {
  const { proxy } = await world()
  const closed = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => closed.once("listening", resolve))
  const { port } = closed.address() as { port: number }
  await new Promise((resolve) => closed.close(resolve))
  const to = (address: string) =>
    networkFetch({ HTTPS_PROXY: address })("https://auth.test/x").catch((e) => e)
  expect((await to(`http://ada:hunter2@127.0.0.1:${port}`)).message).toBe(
    `The proxy http://127.0.0.1:${port} could not be reached: the connection was refused.`,
  )
  const unknown = await to("http://ada:hunter2@nowhere.invalid:3128")
  expect(unknown.message).toMatch(/^The proxy http:\/\/nowhere\.invalid:3128 could not be reached: its name /)
  expect(unknown.hint).toContain("HTTPS_PROXY")
  // TLS to a proxy that speaks none.
  const wrong = await to(proxy.url.replace("http:", "https:"))
  expect(wrong.message).toContain("TLS")
  expect(wrong.hint).toContain("http://…")
})

test("a bad proxy is INVALID_ARGS at the first request", async () => {
  const request = networkFetch({ HTTPS_PROXY: "socks5://proxy.test" })
  await expect(request("https://auth.test/x")).rejects.toMatchObject({ code: "INVALID_ARGS" })
})

test("an authority that only the system knows is trusted after the first failure, then at once", async () => {
  const { port, asked } = await world()
  const send = vi.fn<typeof fetch>((...request) => fetch(...request))
  const request = networkFetch({}, send)
  const init = { method: "POST", body: "once" }
  expect((await request(`https://127.0.0.1:${port}/x`, init)).status).toBe(201)
  expect((await request(`https://127.0.0.1:${port}/x`, init)).status).toBe(201)
  expect(send).toHaveBeenCalledTimes(1)
  expect(asked).toEqual([`POST 127.0.0.1:${port}/x once`, `POST 127.0.0.1:${port}/x once`])
})

test.each([true, false])("an authority that nobody knows, through a proxy: %s", async (proxied) => {
  const { port, asked, proxy } = await world({ known: false })
  const env = { NODE_EXTRA_CA_CERTS: "/nowhere/ca.pem", ...(proxied ? { HTTPS_PROXY: proxy.url } : {}) }
  const url = proxied ? "https://auth.test" : `https://127.0.0.1:${port}`
  const error = await networkFetch(env)(`${url}/x`).catch((caught) => caught)
  expect(error).toMatchObject({ code: "NETWORK_ERROR", exitCode: 6, retryable: false })
  expect(error.message).toBe(
    `${url} could not be reached: its certificate is signed by an authority that this machine does not know (DEPTH_ZERO_SELF_SIGNED_CERT).`,
  )
  expect(error.hint).toBe("NODE_EXTRA_CA_CERTS names /nowhere/ca.pem, which cannot be read.")
  expect(asked).toEqual([])
})

test("a certificate for another name is not made good by the system's authorities", async () => {
  const { proxy, asked } = await world()
  const error = await networkFetch({ HTTPS_PROXY: proxy.url })("https://other.test/x").catch(
    (caught) => caught,
  )
  expect(error.code).toBe("ERR_TLS_CERT_ALTNAME_INVALID")
  expect([asked, error.message.includes("authority")]).toEqual([[], false])
  // Once to learn of the authority, once with it.
  expect(proxy.seen).toHaveLength(2)
})

test("a proxy whose own authority nobody knows is what is named", async () => {
  const { proxy } = await world({ known: false, tlsProxy: true })
  const error = await networkFetch({ HTTPS_PROXY: proxy.url })("https://auth.test/x").catch(
    (caught) => caught,
  )
  expect(error.message).toMatch(
    /^The proxy https:\/\/127\.0\.0\.1:\d+ could not be reached: its TLS certificate/,
  )
  expect(error.hint).toContain("NODE_EXTRA_CA_CERTS")
})

test("a body that can be read once is not sent a second time", async () => {
  const { port, asked } = await world()
  const body = new Blob(["once"]).stream()
  const init = { method: "POST", body, duplex: "half" } as RequestInit
  const error = await networkFetch({})(`https://127.0.0.1:${port}/x`, init).catch((caught) => caught)
  expect(error).toMatchObject({ code: "NETWORK_ERROR", retryable: false })
  expect(asked).toEqual([])
})

test("an address that the runtime gave up too soon is given more time", async () => {
  const { port } = await startServer((_request, response) => response.end("slow"))
  const timedOut = Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" })
  const send = vi.fn<typeof fetch>(async () => {
    throw new TypeError("fetch failed", { cause: new AggregateError([timedOut, new Error("unreachable")]) })
  })
  expect(await (await networkFetch({}, send)(`http://127.0.0.1:${port}/x`)).text()).toBe("slow")
})

test("other failures come back as they are, and are not tried again", async () => {
  for (const cause of [new TypeError("fetch failed", { cause: new Error("x") }), "aborted", undefined]) {
    const send = vi.fn<typeof fetch>(() => Promise.reject(cause))
    expect(await networkFetch({}, send)("http://127.0.0.1:1/x").catch((caught) => caught)).toBe(cause)
    expect(send).toHaveBeenCalledTimes(1)
  }
})

test("an abort ends the wait for a proxy, for the server's handshake behind it, and for what is over already", async () => {
  const silent = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => silent.once("listening", resolve))
  const { port } = silent.address() as { port: number }
  const behind = await startProxy({ to: port })
  for (const proxy of [`http://127.0.0.1:${port}`, behind.url]) {
    const abort = new AbortController()
    const heard = new Promise<Buffer>((resolve) => {
      silent.once("connection", (socket) => socket.on("error", () => {}).once("data", resolve))
    })
    const request = networkFetch({ HTTPS_PROXY: proxy })
    const sent = request("https://auth.test/x", { signal: abort.signal }).catch((caught) => caught)
    // The first hears a CONNECT, the second the beginning of TLS.
    expect((await heard).toString("latin1").startsWith("CONNECT ")).toBe(proxy !== behind.url)
    abort.abort("enough")
    expect(await sent).toBe("enough")
  }
  const over = { signal: AbortSignal.abort("before") }
  const request = networkFetch({ HTTPS_PROXY: behind.url })
  expect(await request("https://auth.test/", over).catch((caught) => caught)).toBe("before")
  expect(behind.seen).toHaveLength(1)
  await new Promise((resolve) => silent.close(resolve))
})
