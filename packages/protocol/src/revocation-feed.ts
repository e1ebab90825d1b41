import * as v from "valibot"

/**
 * How an API server that verifies tokens is told what has ended. `POST /oauth/revocations` renews its right to trust its memory for half a second, and tells what came after the number
 * that it has acknowledged; `GET /oauth/revocations` is a stream of hints (`text/event-stream`) that spare it waiting for its next renewal.
 */

/** How many names an answer tells at most; what is missing is told by the next one. */
export const REVOCATION_ITEMS_PER_ANSWER = 10_000
/** How many followers a client may have. */
export const FOLLOWERS_PER_CLIENT = 1_000
/** How often the stream says something, in milliseconds, if only that it is there. */
export const REVOCATION_HEARTBEAT_MS = 100
/** The largest event of the stream, in bytes; of what is larger it is only told that there is something. */
export const MAX_REVOCATION_EVENT_BYTES = 64 * 1024

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const Items = v.array(v.string())

/** The `200` of `POST /oauth/revocations`. */
export const RevocationRenewal = v.object({
  /** Another text than before: what was written last may have been lost. */
  epoch: v.string(),
  /** The last number of the feed. */
  last: Count,
  /** What comes after the number that was acknowledged, in order and without a gap, though maybe not all of it; `null` where there is a gap. */
  entries: v.nullable(v.array(v.object({ number: Count, items: Items }))),
  /** For how many milliseconds memory may be trusted, counted from when the request was sent; left out: 500. */
  lease_ms: v.exactOptional(Count),
})
export type RevocationRenewal = v.InferOutput<typeof RevocationRenewal>

/** The body of an answer, or `null` where it is none. */
export function parseRevocationRenewal(body: unknown): RevocationRenewal | null {
  const parsed = v.safeParse(RevocationRenewal, body)
  return parsed.success ? parsed.output : null
}

/** What the stream tells: names that are to be forgotten, or that the feed has grown, by an entry or by something that a renewal will tell. */
export type RevocationNews =
  | { kind: "items"; items: readonly string[] }
  | { kind: "appended"; entry: { number: number; items: readonly string[] } | null }

/** An event of a stream, as it is read. */
export type StreamEvent = { id: string; event: string; data: string }

/** News as an event of the stream; its `id` is the number in the feed. */
export function formatRevocationNews(news: RevocationNews): string {
  if (news.kind === "items") return formatEvent("items", news.items)
  const { entry } = news
  if (entry === null) return formatEvent("appended", null)
  return `id: ${entry.number}\n${formatEvent("appended", entry.items)}`
}

/** The news of an event; `null` where it is none that is known. */
export function parseRevocationNews({ id, event, data }: StreamEvent): RevocationNews | null {
  if (event !== "items" && event !== "appended") return null
  const parsed = v.safeParse(v.nullable(Items), jsonIn(data))
  if (!parsed.success) return null
  const items = parsed.output
  if (event === "items") return items === null ? null : { kind: "items", items }
  if (items === null) return { kind: "appended", entry: null }
  return /^\d{1,15}$/.test(id) ? { kind: "appended", entry: { number: Number(id), items } } : null
}

const FOLLOWER = /^[A-Za-z0-9_-]{22}$/

/**
 * The id of a follower of a client.
 * @param random 16 bytes of a cryptographically secure source (128 bits)
 */
export function followerIdOf(clientId: string, random: Uint8Array): string {
  let bytes = ""
  for (const byte of random) bytes += String.fromCharCode(byte)
  return `${clientId}:${btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`
}

/** Whether a text is the id of a follower of this client. */
export function isFollowerOf(clientId: string, text: string): boolean {
  return text.startsWith(`${clientId}:`) && FOLLOWER.test(text.slice(clientId.length + 1))
}

function formatEvent(event: string, data: readonly string[] | null): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
