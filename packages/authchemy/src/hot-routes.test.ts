import { once } from "node:events"
import { connect } from "node:net"
import { setImmediate as nextTurn } from "node:timers/promises"
import { ALCHEMY_GRANT, type Scope } from "@authchemy/protocol"
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { rememberAccounts } from "./accounts/remembered.ts"
import { rememberClients } from "./clients/remembered.ts"
import { type Listener, listen } from "./listen.ts"
import { createLogger } from "./logging.ts"
import {
  CLIENTS,
  NATIVE,
  RESOURCE,
  RESOURCE_BASIC,
  RESOURCE_SECRET,
  WEB_BASIC,
} from "./routes/oauth/testing.ts"
import { type AppUnderTest, ISSUER, openAppUnderTest, STORES } from "./routes/testing.ts"
import { createServerHotRoutes } from "./server-app.ts"

const host = "127.0.0.1"

/** Enough turns of the event loop, which client and server share, for what was sent to be read. */
async function received(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn()
}

describe.each(STORES)("hot routes on %s", (_, store) => {
  let under: AppUnderTest
  let plain: Listener
  let hot: Listener
  /** Status codes that were answered from memory. */
  let held: [string, number][]
  let log: string[]
  let token: string
  let accounts: ReturnType<typeof rememberAccounts>
  let clients: ReturnType<typeof rememberClients>

  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
    accounts = rememberAccounts(under.accounts, under.tokens, () => 0)
    clients = rememberClients(under.clients, under.tokens, () => 0)
    held = []
    log = []
    const answerHot = createServerHotRoutes({
      issuer: ISSUER,
      services: { tokens: under.tokens, accounts, clients },
      logger: createLogger({ write: (line) => log.push(line) }),
      observe: (route, _method, status) => held.push([route, status]),
    })
    plain = await listen({ fetch: under.app.fetch, host, port: 0 })
    hot = await listen({ fetch: under.app.fetch, hot: answerHot, host, port: 0 })
    token = (await sessionOf("ann@example.com")).token
    await remember(token)
  })
  afterAll(async () => {
    await plain.close()
    await hot.close()
    await under.close()
  })
  beforeEach(() => {
    held.length = 0
    log.length = 0
  })

  async function sessionOf(
    email: string,
    {
      scopes = ALCHEMY_GRANT.scopes,
      clientId = NATIVE.id,
    }: { scopes?: readonly Scope[]; clientId?: string } = {},
  ) {
    const { id } = await under.accounts.administration.create({
      email,
      password: "correct horse battery",
      name: "Änn",
    })
    const grant = { ...ALCHEMY_GRANT, scopes, clientId, accountId: id, device: { name: "läptop" } }
    return { ...(await under.tokens.createSession({ ...grant, expiresInSeconds: 3600 })), accountId: id }
  }

  /** Has all that an answer about a token needs read into memory. */
  async function remember(about: string) {
    await vi.waitFor(async () => {
      const session = await under.tokens.inspect(about)
      if (session === null) throw new Error("the token is not good")
      await accounts.find(session.accountId)
      await clients.findOfSession(session)
      for (const { id } of CLIENTS) await clients.find(id)
      if (!under.tokens.inspectHeld(about)) throw new Error("not held yet")
      if (!accounts.findHeld(session.accountId) || !clients.findHeldOfSession(session)) {
        throw new Error("not remembered yet")
      }
    })
  }

  /** What a connection brings back for some bytes, without the dates. @param parts sent one after the other */
  async function exchange(to: Listener, ...parts: string[]): Promise<string> {
    const socket = connect(to.port, host).setNoDelay()
    let text = ""
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
    })
    for (const [index, part] of parts.entries()) {
      if (index > 0) await received()
      socket.write(part, "latin1")
    }
    socket.setTimeout(3_000, () => socket.destroy(new Error(`no end after ${parts.join("")}: ${text}`)))
    await once(socket, "close")
    return text.replace(/^Date: .*$/gm, "Date: …")
  }

  const get = (headers: string[], target = "/v1/me", version = "1.1", method = "GET") =>
    `${[`${method} ${target} HTTP/${version}`, ...headers].join("\r\n")}\r\n\r\n`
  const me = (bearer: string, ...more: string[]) => [
    "Host: localhost:4000",
    `Authorization: Bearer ${bearer}`,
    ...more,
  ]
  const post = (body: string, headers: Record<string, string>, ...more: string[]) => {
    const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const type = "Content-Type: application/x-www-form-urlencoded"
    const length = `Content-Length: ${body.length}`
    return (
      get(["Host: localhost:4000", type, length, ...named, ...more], "/oauth/introspect", "1.1", "POST") +
      body
    )
  }
  const CLOSE = "Connection: close"

  /** Both listeners' answers, which are the same bytes. @returns the answer */
  async function same(...parts: string[]): Promise<string> {
    const [fromApp, answer] = [await exchange(plain, ...parts), await exchange(hot, ...parts)]
    expect(answer).toBe(fromApp)
    return answer
  }

  test("GET /v1/me is the same bytes, from memory", async () => {
    const answer = await same(get(me(token, CLOSE)))
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toContain("x-content-type-options: nosniff\r\n")
    expect(held).toEqual([["/v1/me", 200]])
  })

  test("POST /oauth/introspect is the same bytes, from memory: by Basic, by the form, and of a token that is none", async () => {
    const inForm = `client_id=${RESOURCE.id}&client_secret=${RESOURCE_SECRET}&token=${token}`
    expect(await same(post(`token=${token}`, RESOURCE_BASIC, CLOSE))).toContain('"active":true')
    expect(await same(post(inForm, {}, CLOSE))).toContain('"active":true')
    expect(await same(post("token=junk", RESOURCE_BASIC, CLOSE))).toContain('{"active":false}')
    expect(held).toEqual(Array.from({ length: 3 }, () => ["/oauth/introspect", 200]))
  })

  test("an account whose name is not ASCII has the right length", async () => {
    const { token: other } = await sessionOf("utf8@example.com")
    await remember(other)
    expect(await same(get(me(other, CLOSE)))).toContain(Buffer.from("Änn").toString("latin1"))
    expect(held).toHaveLength(1)
  })

  test("a body in pieces, after the headers, or after 100-continue, is answered from memory too", async () => {
    const whole = post(`token=${token}`, RESOURCE_BASIC, CLOSE)
    const head = whole.indexOf("\r\n\r\n") + 4
    await same(whole.slice(0, head), whole.slice(head))
    await same(whole.slice(0, head + 9), whole.slice(head + 9, head + 20), whole.slice(head + 20))
    const expecting = post(`token=${token}`, RESOURCE_BASIC, CLOSE, "Expect: 100-continue")
    const body = expecting.indexOf("\r\n\r\n") + 4
    expect(await same(expecting.slice(0, body), expecting.slice(body))).toMatch(/^HTTP\/1\.1 100 /)
    expect(held).toHaveLength(3)
  })

  test("requests in one packet are answered in their order, some from memory and some not", async () => {
    const requests = [
      get(me(token)),
      post(`token=${token}`, RESOURCE_BASIC),
      get(me("junk")),
      post("token=junk", {}),
      post(`token=${token}`, RESOURCE_BASIC),
      get(me(token, CLOSE)),
    ]
    const answer = await same(requests.join(""))
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      "200",
      "200",
      "401",
      "401",
      "200",
      "200",
    ])
    expect(held).toHaveLength(4)
  })

  test("HTTP/1.0 gets its answer and the end of the connection", async () => {
    await same(get(me(token), "/v1/me", "1.0"))
    expect(held).toHaveLength(1)
  })

  test("what is unusual is answered by the app, in the same bytes", async () => {
    const auth = `Authorization: Bearer ${token}`
    const form = "Content-Type: application/x-www-form-urlencoded"
    const { Authorization: basic = "" } = RESOURCE_BASIC
    for (const request of [
      get(me(token, CLOSE), "/v1/me", "1.1", "HEAD"),
      get(me(token, CLOSE), "/v1/me?x=1"),
      get(me(token, CLOSE), "/v1/me?access_token=x"),
      get(me(token, CLOSE), "http://localhost:4000/v1/me"),
      get(me(token, CLOSE, auth)),
      get(me(token, CLOSE, "Content-Length: 2")).concat("{}"),
      get(["Host: localhost:4000", CLOSE]),
      get(["Host: localhost:4000", CLOSE, `Authorization: DPoP ${token}`]),
      get([auth, "Host: a b", CLOSE]),
      get([auth], "/v1/me", "1.0"),
      get(me("junk", CLOSE)),
      get(me(token, CLOSE), "/v1/me", "1.1", "DELETE"),
      post(`token=${token}`, WEB_BASIC, CLOSE),
      post(`token=${token}`, {}, CLOSE),
      post(`token=${token}&token=${token}`, RESOURCE_BASIC, CLOSE),
      post(`token=${token}&client_secret=x`, RESOURCE_BASIC, CLOSE),
      post("", RESOURCE_BASIC, CLOSE),
      post("token=\xff", RESOURCE_BASIC, CLOSE),
      post(`token=${"x".repeat(17_000)}`, RESOURCE_BASIC, CLOSE),
      post(`token=${token}`, RESOURCE_BASIC, CLOSE, "Content-Encoding: gzip"),
      post(`token=${token}`, RESOURCE_BASIC, CLOSE).replace("x-www-form-urlencoded", "json"),
      get(
        ["Host: localhost:4000", CLOSE, form, `Authorization: ${basic}`, "Transfer-Encoding: chunked"],
        "/oauth/introspect",
        "1.1",
        "POST",
      ).concat(`${(token.length + 6).toString(16)}\r\ntoken=${token}\r\n0\r\n\r\n`),
    ]) {
      const [fromApp, answer] = [await exchange(plain, request), await exchange(hot, request)]
      const comparable = (text: string) => text.replace(/^dpop-nonce: .*$/gim, "")
      expect(comparable(answer)).toBe(comparable(fromApp))
    }
    expect(held).toEqual([])
  })

  test("a body that breaks off is refused by the app, and the server goes on", async () => {
    under.log.length = 0
    const socket = connect(hot.port, host)
    socket.write(post(`token=${token}`, RESOURCE_BASIC).slice(0, -5))
    await received()
    socket.destroy()
    await vi.waitFor(() => expect(under.log.join("")).toContain('"path":"/oauth/introspect","status":400'))
    expect(held).toEqual([])
    await same(get(me(token, CLOSE)))
  })

  test("S46 S48 what has ended is refused at once: a session, an account, a client", async () => {
    const revoked = await sessionOf("revoked@example.com")
    const disabled = await sessionOf("disabled@example.com")
    const brief = { id: "brief", name: "Brief", redirectUris: ["http://127.0.0.1/cb"], confidential: false }
    await clients.add(brief)
    const orphan = await sessionOf("orphan@example.com", { clientId: "brief" })
    for (const one of [revoked, disabled, orphan]) {
      await remember(one.token)
      expect(await same(get(me(one.token, CLOSE)))).toMatch(/^HTTP\/1\.1 200 /)
    }
    expect(held).toHaveLength(3)
    await under.tokens.revoke(revoked.token)
    await accounts.administration.disable("disabled@example.com")
    await clients.remove("brief")
    for (const one of [revoked, disabled, orphan]) {
      expect(await same(get(me(one.token, CLOSE)))).toMatch(/^HTTP\/1\.1 401 /)
      expect(await same(post(`token=${one.token}`, RESOURCE_BASIC, CLOSE))).toContain('{"active":false}')
    }
  })

  test("a token without the scope is refused by the app", async () => {
    const { token: other } = await sessionOf("narrow@example.com", { scopes: ["apps:read"] })
    await remember(other)
    expect(await same(get(me(other, CLOSE)))).toMatch(/^HTTP\/1\.1 403 /)
    expect(held).toEqual([])
  })

  test("S53 the log has the same line as the app's, without credentials", async () => {
    await same(post(`token=${token}`, RESOURCE_BASIC, CLOSE))
    const [own, ofApp] = [log.at(-1), under.log.at(-1)].map((line) => JSON.parse(line ?? "") as object)
    expect(Object.keys(own ?? {})).toEqual(Object.keys(ofApp ?? {}))
    expect(own).toMatchObject({ method: "POST", path: "/oauth/introspect", status: 200, msg: "request" })
    expect(log.join("")).not.toContain(token)
    expect(log.join("")).not.toContain(RESOURCE_SECRET)
  })
})
