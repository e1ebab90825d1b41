import { formatRevocationNews, OAUTH_PATHS } from "@authchemy/protocol"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { FeedNews } from "../revocation/feed-transport.ts"
import { createAuthorizationServer } from "./authorization-server.ts"
import { createHttpFeed } from "./http-feed.ts"
import { createFakeServer, jsonResponse } from "./testing.ts"

beforeEach(
  () => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }),
)
afterEach(() => void vi.useRealTimers())

const ISSUER = "https://auth.example.com"
const RENEWAL = { epoch: "e", last: 4, entries: [{ number: 4, items: ["AbCd.digest"] }] }

async function openFeed(answer: (request: Request) => Response = () => jsonResponse(RENEWAL)) {
  const streams: ReadableStreamDefaultController<Uint8Array>[] = []
  const cancelled = vi.fn()
  const fake = createFakeServer((request) => {
    if (request.method === "POST") return answer(request)
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => void streams.push(stream),
      cancel: cancelled,
    })
    return new Response(body)
  })
  const options = { issuer: ISSUER, clientId: "notes-api", clientSecret: "secret", fetch: fake.fetch }
  const feed = createHttpFeed({ server: createAuthorizationServer(options), issuer: ISSUER })
  const heard: FeedNews[] = []
  await feed.listen((news) => void heard.push(news))
  const say = (text: string) => streams.at(-1)?.enqueue(new TextEncoder().encode(text))
  const posts = () => fake.requests.filter(({ method }) => method === "POST")
  return { feed, heard, say, streams, cancelled, posts, requests: fake.requests }
}

/** Lets what is under way go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test("a renewal says who, and up to where it has forgotten; nothing is sent before the first", async () => {
  const { feed, posts, requests } = await openFeed()
  await settle()
  expect(requests).toEqual([])
  expect(await feed.renew("notes-api:id", null)).toEqual({ ...RENEWAL, leaseMs: 500 })
  await feed.renew("notes-api:id", 3)
  const bodies = await Promise.all(posts().map((request) => request.text()))
  expect(bodies).toEqual(["follower=notes-api%3Aid", "follower=notes-api%3Aid&acknowledged=3"])
  expect(posts()[0]?.url).toBe(ISSUER + OAUTH_PATHS.revocations)
  await feed.close()
})

test("a lease may be shorter than ours, and is never longer", async () => {
  for (const [told, taken] of [
    [0, 0],
    [200, 200],
    [60_000, 500],
  ]) {
    const { feed } = await openFeed(() => jsonResponse({ ...RENEWAL, lease_ms: told }))
    expect((await feed.renew("id", 3)).leaseMs).toBe(taken)
    await feed.close()
  }
})

test.each([{}, { ...RENEWAL, last: "4" }, { ...RENEWAL, entries: {} }, []])(
  "an answer that is malformed is an error: %j",
  async (body) => {
    const { feed } = await openFeed(() => jsonResponse(body))
    await expect(feed.renew("id", 3)).rejects.toMatchObject({ reason: "malformed" })
    await feed.close()
  },
)

test("what the stream tells is a hint: what to forget, and that there is something, but no number; what is no news is left out", async () => {
  const { feed, heard, say } = await openFeed()
  await feed.renew("id", null)
  await settle()
  const news: FeedNews[] = [
    { kind: "items", items: ["AbCd.digest"] },
    { kind: "appended", entry: { number: 5, items: ["AbCd.digest"] } },
    { kind: "appended", entry: null },
  ]
  for (const piece of news) say(formatRevocationNews(piece))
  say(":\n\nevent: other\ndata: {}\n\nevent: items\ndata: {}\n\n")
  await settle()
  const items: FeedNews = { kind: "items", items: ["AbCd.digest"] }
  const appended: FeedNews = { kind: "appended", entry: null }
  expect(heard).toEqual([items, items, appended, appended])
  await feed.close()
})

test("a stream that is silent for a second is made anew, one that beats is not", async () => {
  const { feed, streams, say, cancelled } = await openFeed()
  await feed.renew("id", null)
  await settle()
  for (let beat = 0; beat < 30; beat++) {
    vi.advanceTimersByTime(100)
    say(":\n\n")
    await settle()
  }
  expect(streams).toHaveLength(1)
  vi.advanceTimersByTime(1_000)
  await settle()
  expect(cancelled).toHaveBeenCalledTimes(1)
  await vi.waitFor(() => expect(streams).toHaveLength(2), { timeout: 5_000 })
  await feed.close()
})

test("closing ends the stream, and leaving says so", async () => {
  const { feed, posts, cancelled } = await openFeed()
  await feed.renew("notes-api:id", null)
  await settle()
  await feed.leave("notes-api:id")
  expect(await posts().at(-1)?.text()).toBe("follower=notes-api%3Aid&leave=true")
  await feed.close()
  expect(cancelled).toHaveBeenCalledTimes(1)
})
