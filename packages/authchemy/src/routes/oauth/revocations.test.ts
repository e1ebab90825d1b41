import { once } from "node:events"
import { connect } from "node:net"
import { ALCHEMY_GRANT, followerIdOf, OAUTH_PATHS } from "@authchemy/protocol"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { listen } from "../../listen.ts"
import { type AppUnderTest, openAppUnderTest, STORES } from "../testing.ts"
import {
  type Changes,
  CLIENTS,
  expectOAuthError,
  NATIVE,
  post,
  RESOURCE,
  RESOURCE_BASIC,
  WEB,
  WEB_BASIC,
} from "./testing.ts"

const follower = (seed: number) => followerIdOf(RESOURCE.id, new Uint8Array(16).fill(seed))

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const closing of open.splice(0)) await closing.close()
})

/** Asks again and again, until it is so. */
async function until(isSo: () => boolean | Promise<boolean>) {
  for (let asked = 0; asked < 1_000; asked++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error("it did not come to be so")
}

describe.each(STORES)("revocations over HTTP on %s", (_, store) => {
  let under: AppUnderTest
  beforeAll(async () => {
    under = await openAppUnderTest({ ...store(), clients: CLIENTS })
  })
  afterAll(() => under.close())

  const renew = (fields: Changes, headers: Record<string, string> = RESOURCE_BASIC) =>
    under.app.request(OAUTH_PATHS.revocations, post(fields, headers))
  const tokenOf = async () => {
    const grant = { ...ALCHEMY_GRANT, accountId: "ann", expiresInSeconds: 600, device: {} }
    return (await under.tokens.createSession(grant)).token
  }

  test("a renewal, exactly; numbers that cannot be are gaps, and never a reason to trust memory", async () => {
    const first = (await (await renew({ follower: follower(1) })).json()) as { last: number }
    expect(first).toEqual({ epoch: expect.any(String), last: expect.any(Number), entries: [] })
    const token = await tokenOf()
    await under.tokens.revoke(token)
    const { last, entries } = (await (
      await renew({ follower: follower(1), acknowledged: String(first.last) })
    ).json()) as { last: number; entries: { items: string[] }[] }
    expect(last).toBe(first.last + 1)
    expect(entries).toEqual([{ number: last, items: [expect.stringMatching(/^[0-9A-Za-z]{4}\.[\w-]{43}$/)] }])
    const beyond = await renew({ follower: follower(1), acknowledged: "999999999999999" })
    expect(await beyond.json()).toMatchObject({ entries: null })
    const left = await renew({ follower: follower(1), leave: "true" })
    expect(await left.json()).toEqual({})
  })

  test("only a resource server may follow, and only as itself", async () => {
    const named = { follower: follower(2) }
    await expectOAuthError(renew(named, {}), 401, "invalid_client")
    await expectOAuthError(renew(named, WEB_BASIC), 403, "unauthorized_client")
    await expectOAuthError(renew({ ...named, client_id: NATIVE.id }, {}), 403, "unauthorized_client")
    const others = [
      `${WEB.id}:${"a".repeat(22)}`,
      `${RESOURCE.id}:short`,
      `${RESOURCE.id}:${"a".repeat(21)} `,
      "x",
    ]
    for (const other of others) await expectOAuthError(renew({ follower: other }), 400, "invalid_request")
    await expectOAuthError(renew({}), 400, "invalid_request", /follower is missing/)
    for (const acknowledged of ["-1", "1.5", "1e3", "x", "1".repeat(16)]) {
      await expectOAuthError(renew({ ...named, acknowledged }), 400, "invalid_request", /acknowledged/)
    }
    for (const headers of [{}, WEB_BASIC]) {
      const status = "Authorization" in headers ? 403 : 401
      const stream = under.app.request(OAUTH_PATHS.revocations, { headers })
      await expectOAuthError(stream, status, status === 403 ? "unauthorized_client" : "invalid_client")
    }
    expect([...(await under.tokens.relay.followers()).keys()].filter((id) => id.startsWith("web"))).toEqual(
      [],
    )
  })

  test("the stream tells of a sign-out before it is answered, and beats while nothing happens", async () => {
    const response = await under.app.request(OAUTH_PATHS.revocations, { headers: RESOURCE_BASIC })
    expect(response.headers.get("content-type")).toBe("text/event-stream")
    expect(response.headers.get("cache-control")).toBe("no-store")
    const heard: string[] = []
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const reading = (async () => {
      for (;;) {
        const piece = await reader?.read()
        if (piece === undefined || piece.done) return
        heard.push(piece.value)
      }
    })()
    await until(() => heard.filter((piece) => piece === ":\n\n").length > 3)
    await under.tokens.revoke(await tokenOf())
    await until(() => heard.some((piece) => /event: appended\ndata: /.test(piece)))
    await reader?.cancel()
    await reading
  })
})

test("an answer is bounded: what does not fit is told by the next one, and what never fits is a gap", async () => {
  const entry = (number: number, size: number) => ({
    number,
    items: Array.from({ length: size }, () => "account:x"),
  })
  let entries = [entry(1, 6_000), entry(2, 6_000)]
  const under = await openAppUnderTest({
    clients: CLIENTS,
    wrapTokens: (tokens) => ({
      ...tokens,
      relay: { ...tokens.relay, renew: async () => ({ epoch: "", last: 2, entries }) },
    }),
  })
  open.push(under)
  const ask = async () =>
    (await under.app.request(OAUTH_PATHS.revocations, post({ follower: follower(1) }, RESOURCE_BASIC))).json()
  expect(await ask()).toMatchObject({ last: 2, entries: [{ number: 1 }] })
  entries = [entry(1, 20_000), entry(2, 1)]
  expect(await ask()).toEqual({ epoch: "", last: 2, entries: null })
})

test("a server that stops ends its streams, and does not wait for those who read them", async () => {
  const under = await openAppUnderTest({ clients: CLIENTS })
  open.push(under)
  const listener = await listen({ fetch: under.app.fetch, host: "127.0.0.1", port: 0 })
  const socket = connect(listener.port, "127.0.0.1")
  socket.setEncoding("utf8")
  let told = ""
  socket.on("data", (text) => {
    told += text
  })
  socket.write(
    `GET ${OAUTH_PATHS.revocations} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${RESOURCE_BASIC.Authorization}\r\n\r\n`,
  )
  await until(() => told.includes(":\n\n"))
  const began = performance.now()
  const ended = once(socket, "end")
  await listener.close()
  expect(performance.now() - began).toBeLessThan(2_000)
  socket.end()
  await ended
  expect(told.endsWith("0\r\n\r\n")).toBe(true)
})
