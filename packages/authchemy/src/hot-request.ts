import type { IncomingMessage } from "node:http"

/** The headers that tell who asks and what the body is; `null` where one is missing. */
export type PlainHeaders = {
  authorization: string | null
  contentType: string | null
  contentLength: string | null
}

/** A host that is a part of no URL but its own: `@hono/node-server` takes the same ones without a closer look. */
const PLAIN_HOST = /^[a-z0-9._-]+(?::(?:[1-5]\d{3,4}|[6-9]\d{3}))?$/

/**
 * Reads the headers of a request that has nothing unusual about it.
 * @param rawHeaders names and values in turn, as they came
 * @returns `null` where a header that counts stands twice, the body is encoded or of a length that is not declared, or the host is missing or unusual
 */
export function readPlainHeaders(rawHeaders: readonly string[]): PlainHeaders | null {
  const found: Record<Field, string | null> = { ...NONE }
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ""
    const field = LENGTHS.has(name.length) ? FIELDS.get(name.toLowerCase()) : undefined
    if (field === undefined) continue
    if (field === "unusual" || found[field] !== null) return null
    found[field] = rawHeaders[at + 1] ?? ""
  }
  return found.host !== null && PLAIN_HOST.test(found.host) ? found : null
}

type Field = keyof typeof NONE

const NONE = { host: null, authorization: null, contentType: null, contentLength: null }

const FIELDS = new Map<string, Field | "unusual">([
  ["host", "host"],
  ["authorization", "authorization"],
  ["content-type", "contentType"],
  ["content-length", "contentLength"],
  ["content-encoding", "unusual"],
  ["transfer-encoding", "unusual"],
])

/** Most headers are told from these by the length of their name. */
const LENGTHS = new Set([...FIELDS.keys()].map((name) => name.length))

/**
 * Reads a body of a declared length. Most bodies come in one packet with the headers, and are there when the parser has returned: reading them then
 * saves the events of a stream.
 * @param bytes more than 0; Node's parser hands over no more than that
 * @param whenRead told of the body
 * @param whenBrokenOff told where the connection ended before the body did
 * @returns `true`: one of the two is called, once
 */
export function readDeclaredBody(
  request: IncomingMessage,
  bytes: number,
  whenRead: (body: Buffer) => void,
  whenBrokenOff: () => void,
): true {
  process.nextTick(() => {
    const first: Buffer | null = request.read()
    if (first === null || first.length < bytes) collect(request, first, whenRead, whenBrokenOff)
    else whenRead(first)
  })
  return true
}

function collect(
  request: IncomingMessage,
  first: Buffer | null,
  whenRead: (body: Buffer) => void,
  whenBrokenOff: () => void,
): void {
  const chunks = first === null ? [] : [first]
  let settled = false
  const settle = (andThen: () => void) => {
    if (settled) return
    settled = true
    andThen()
  }
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.once("end", () => settle(() => whenRead(Buffer.concat(chunks))))
  request.once("close", () => settle(whenBrokenOff))
}
