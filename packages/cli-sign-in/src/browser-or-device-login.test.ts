import { connect } from "node:net"
import { codeChallengeOf } from "@authchemy/protocol"
import { expect, onTestFinished, test, vi } from "vitest"
import { type BrowserOrDeviceLoginOptions, performBrowserOrDeviceLogin } from "./browser-or-device-login.ts"
import * as callbackServer from "./callback-server.ts"
import { SignInError } from "./errors.ts"
import type { SignInEvent } from "./login.ts"
import { SUPERSEDED_PAGE } from "./pages.ts"
import {
  OAUTH_TOKEN_RESPONSE,
  PENDING,
  refuseWith,
  refusingUrl,
  sendJson,
  startDeviceServer,
  TOKEN_GIVEN,
  TOKEN_RESPONSE,
} from "./testing.ts"

type Answer = Parameters<typeof startDeviceServer>[0][number]
const EXCHANGED: Answer = (response) => sendJson(response, 200, TOKEN_RESPONSE)
const gate = () => Promise.withResolvers<void>()

/**
 * Both flows against one server. `poll` is opened when the device flow may poll; `browse` sends the browser
 * to the listener.
 */
async function signIn(
  polls: Answer[],
  options: Partial<BrowserOrDeviceLoginOptions> = {},
  others: Readonly<Record<string, Answer>> = {},
) {
  const server = await startDeviceServer(polls, {}, { "/api/cli/token": EXCHANGED, ...others })
  const events: SignInEvent[] = []
  const saved: { credential: { token: string } }[] = []
  const [poll, shown] = [gate(), gate()]
  const result = performBrowserOrDeviceLogin({
    authUrl: server.url,
    client: "cli/1.0.0",
    device: { name: "laptop", os: "Linux" },
    port: 0,
    save: async (login) => void saved.push(login),
    onEvent: (event) => {
      events.push(event)
      const types = events.map(({ type }) => type)
      if (types.includes("approval") && (types.includes("device-code") || types.includes("flow-ended"))) {
        shown.resolve()
      }
    },
    delay: (_, signal) => {
      signal?.addEventListener("abort", () => poll.resolve())
      return poll.promise
    },
    ...options,
  })
  result.catch(() => {})
  const urlOf = () => {
    const approval = events.find((event) => event.type === "approval")
    return new URL(approval?.url ?? "")
  }
  const browse = (answer: Record<string, string> = { code: "the-code" }) => {
    const { searchParams } = urlOf()
    const query = { ...answer, state: searchParams.get("state") ?? "", iss: server.url }
    return fetch(`${searchParams.get("redirectUrl")}?${new URLSearchParams(query)}`)
  }
  const types = () => events.map(({ type }) => type)
  return { server, events, types, saved, result, shown: shown.promise, poll: poll.resolve, browse, urlOf }
}

const listens = (url: URL) =>
  new Promise<boolean>((resolve) => {
    const { port } = new URL(url.searchParams.get("redirectUrl") ?? "")
    const socket = connect(Number(port), "127.0.0.1")
    onTestFinished(() => void socket.destroy())
    socket.once("connect", () => resolve(true))
    socket.once("error", () => resolve(false))
  })

test("one verifier, one phrase; the browser wins: no more polls, no listener", async () => {
  const { server, events, saved, result, shown, browse, urlOf } = await signIn([PENDING])
  await shown
  await browse()
  const login = await result
  expect(saved).toEqual([login])
  const phrases = events.flatMap((event) => ("phrase" in event ? [event.phrase] : []))
  expect(phrases).toHaveLength(2)
  expect(new Set(phrases).size).toBe(1)
  const exchange = server.received.find(({ path }) => path === "/api/cli/token")
  const { code_verifier } = JSON.parse(exchange?.body ?? "")
  expect(urlOf().searchParams.get("code_challenge")).toBe(codeChallengeOf(code_verifier))
  const asked = server.received.find(({ path }) => path === "/oauth/device_authorization")
  expect(new URLSearchParams(asked?.body).get("code_challenge")).toBe(codeChallengeOf(code_verifier))
  expect([server.polls(), server.ended()]).toEqual([[], []])
  expect(await listens(urlOf())).toBe(false)
})

test("the device wins: the listener is closed, and its end is no event", async () => {
  const { server, types, saved, result, shown, poll, urlOf } = await signIn([TOKEN_GIVEN])
  await shown
  expect(await listens(urlOf())).toBe(true)
  poll()
  const login = await result
  expect(saved).toEqual([login])
  expect(await listens(urlOf())).toBe(false)
  expect(server.ended()).toEqual([])
  expect(types().toSorted()).toEqual(["approval", "device-code", "listening", "stored"])
})

test("approved in both, the browser first: the session that a poll still brings is ended", async () => {
  const second = `${OAUTH_TOKEN_RESPONSE.access_token.slice(0, -1)}x`
  const [asked, answer] = [gate(), gate()]
  const { server, saved, result, shown, poll, browse } = await signIn([
    async (response) => {
      asked.resolve()
      await answer.promise
      sendJson(response, 200, { ...OAUTH_TOKEN_RESPONSE, access_token: second })
    },
  ])
  await shown
  poll()
  await asked.promise
  expect((await browse()).status).toBe(200)
  answer.resolve()
  expect((await result).credential.token).toBe(TOKEN_RESPONSE.authToken)
  expect(saved).toHaveLength(1)
  expect(server.ended().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${second}`])
})

test("approved in both, the code first: the session of the exchange is ended, and the browser is told", async () => {
  const second = `${TOKEN_RESPONSE.authToken.slice(0, -1)}x`
  const [asked, answer] = [gate(), gate()]
  const { server, saved, result, shown, poll, browse } = await signIn(
    [TOKEN_GIVEN],
    {
      save: async (login) => {
        saved.push(login)
        answer.resolve()
      },
    },
    {
      "/api/cli/token": async (response) => {
        asked.resolve()
        await answer.promise
        sendJson(response, 200, { ...TOKEN_RESPONSE, authToken: second })
      },
    },
  )
  await shown
  const page = browse()
  await asked.promise
  poll()
  expect((await result).credential.token).toBe(OAUTH_TOKEN_RESPONSE.access_token)
  expect(saved).toHaveLength(1)
  expect(server.ended().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${second}`])
  expect(await (await page).text()).toBe(SUPERSEDED_PAGE.html)
})

test.each([
  ["no such page", refuseWith("not_found", 404)],
  ["not for this client", refuseWith("unauthorized_client")],
  ["no such grant", refuseWith("unsupported_grant_type")],
  ["a broken server", refuseWith("server_error", 500)],
])("no device flow (%s): reported, and the browser goes on alone", async (_, answer) => {
  const { events, result, shown, browse } = await signIn([], {}, { "/oauth/device_authorization": answer })
  await shown
  expect(events).toContainEqual({ type: "flow-ended", flow: "device", error: expect.any(SignInError) })
  await browse()
  await expect(result).resolves.toMatchObject({ sessionId: "session-1" })
})

test("a code that expires is reported, and the browser goes on alone", async () => {
  const { events, result, shown, poll, browse } = await signIn([refuseWith("expired_token")])
  await shown
  poll()
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: "flow-ended", flow: "device" }))
  await browse()
  await expect(result).resolves.toMatchObject({ sessionId: "session-1" })
})

test("no port: reported, and the device goes on alone", async () => {
  const noPort = new SignInError("port_unavailable", "No port.")
  const open = vi.spyOn(callbackServer, "openCallbackServer").mockRejectedValue(noPort)
  onTestFinished(() => open.mockRestore())
  const { events, result, poll } = await signIn([TOKEN_GIVEN])
  poll()
  await expect(result).resolves.toMatchObject({ sessionId: "session-1" })
  expect(events).toContainEqual({ type: "flow-ended", flow: "browser", error: noPort })
})

test("neither a port nor a device flow: the port is what is reported", async () => {
  const open = vi
    .spyOn(callbackServer, "openCallbackServer")
    .mockRejectedValue(new SignInError("port_unavailable", "No port."))
  onTestFinished(() => open.mockRestore())
  const answer = refuseWith("not_found", 404)
  const { result } = await signIn([], {}, { "/oauth/device_authorization": answer })
  await expect(result).rejects.toMatchObject({ code: "port_unavailable" })
})

test("denied by code: both end, and nothing listens", async () => {
  const { types, saved, result, shown, poll, urlOf } = await signIn([refuseWith("access_denied")])
  await shown
  poll()
  await expect(result).rejects.toMatchObject({ code: "denied" })
  expect([await listens(urlOf()), saved]).toEqual([false, []])
  expect(types()).not.toContain("flow-ended")
})

test("denied in the browser: both end, and nobody polls any more", async () => {
  const { server, result, shown, browse } = await signIn([PENDING])
  await shown
  await browse({ error: "access_denied" })
  await expect(result).rejects.toMatchObject({ code: "denied" })
  expect(server.polls()).toEqual([])
})

test("a credential that cannot be saved ends both, and its session", async () => {
  const cause = new Error("disk full")
  const { server, result, shown, poll, urlOf } = await signIn([TOKEN_GIVEN], {
    save: () => Promise.reject(cause),
  })
  await shown
  poll()
  await expect(result).rejects.toMatchObject({ code: "storage", cause })
  expect(server.ended()).toHaveLength(1)
  expect(await listens(urlOf())).toBe(false)
})

test("it is the saving that is reported, however long the other flow takes to end", async () => {
  const cause = new Error("disk full")
  const [asked, answer] = [gate(), gate()]
  const { result, shown, poll, browse } = await signIn(
    [
      async (response, request, count) => {
        asked.resolve()
        await answer.promise
        PENDING(response, request, count)
      },
    ],
    { save: () => Promise.reject(cause) },
  )
  await shown
  poll()
  await asked.promise
  await browse()
  answer.resolve()
  await expect(result).rejects.toMatchObject({ code: "storage", cause })
})

test("an exchange that fails is reported, and the code still works", async () => {
  const { events, result, shown, poll, browse } = await signIn(
    [TOKEN_GIVEN],
    {},
    { "/api/cli/token": refuseWith("invalid_grant") },
  )
  await shown
  await browse()
  await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: "flow-ended", flow: "browser" }))
  poll()
  await expect(result).resolves.toMatchObject({ sessionId: "session-1" })
})

test("nobody approves: one timeout, and neither flow is reported as over", async () => {
  const { types, result } = await signIn([PENDING], { timeoutMs: 30, delay: async () => {} })
  await expect(result).rejects.toMatchObject({ code: "timeout" })
  expect(types()).not.toContain("flow-ended")
})

test("aborted: both end at once", async () => {
  const controller = new AbortController()
  const { types, result, shown, urlOf } = await signIn([PENDING], { signal: controller.signal })
  await shown
  controller.abort()
  await expect(result).rejects.toMatchObject({ code: "aborted" })
  expect(await listens(urlOf())).toBe(false)
  expect(types()).not.toContain("flow-ended")
})

test("a listener of events that throws ends both, whatever it is told", async () => {
  for (const type of ["approval", "device-code", "flow-ended"]) {
    const onEvent = (event: SignInEvent) => {
      if (event.type === type) throw new Error("closed terminal")
    }
    const answers: Readonly<Record<string, Answer>> =
      type === "flow-ended" ? { "/oauth/device_authorization": refuseWith("not_found", 404) } : {}
    const { result } = await signIn([PENDING], { onEvent }, answers)
    await expect(result).rejects.toThrow("closed terminal")
  }
})

test("refused before anything happens: aborted, and http on another machine", async () => {
  const signal = AbortSignal.abort()
  const aborted = await signIn([PENDING], { signal })
  await expect(aborted.result).rejects.toMatchObject({ code: "aborted" })
  const insecure = await signIn([PENDING], { authUrl: "http://auth.example.com" })
  await expect(insecure.result).rejects.toMatchObject({ code: "insecure_url" })
  expect([aborted.events, insecure.events]).toEqual([[], []])
})

test("a server out of reach: reported, and the address stays good until the time is over", async () => {
  const { types, result } = await signIn([], { authUrl: await refusingUrl(), timeoutMs: 200 })
  await expect(result).rejects.toMatchObject({ code: "timeout" })
  expect(types()).toContain("flow-ended")
})
