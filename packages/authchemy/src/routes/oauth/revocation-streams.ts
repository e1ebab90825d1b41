import {
  FOLLOWERS_PER_CLIENT,
  formatRevocationNews,
  MAX_REVOCATION_EVENT_BYTES,
  REVOCATION_HEARTBEAT_MS,
  type RevocationNews,
  WIRE_ERRORS,
} from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import { RequestRefused } from "../../middleware/request-refused.ts"

/** The streams of revocations that are open here. */
export type RevocationStreams = {
  /**
   * Opens one more.
   * @param isServing asked at each heartbeat: `false` ends it
   * @throws RequestRefused 429 where the client has too many
   */
  open(clientId: string, isServing: () => boolean): ReadableStream<Uint8Array>
}

/** How much a stream holds for a client that does not read; one that has more to read than this is ended. */
const BUFFER_BYTES = 2 * MAX_REVOCATION_EVENT_BYTES
/** How many heartbeats a client may leave unread. */
const UNREAD_HEARTBEATS = 50

/** A comment, which says nothing but that the stream is there. */
const HEARTBEAT = new TextEncoder().encode(":\n\n")

type Stream = {
  clientId: string
  controller: ReadableStreamDefaultController<Uint8Array>
  isServing: () => boolean
  unread: number
}

/**
 * All streams tell the same, so it is written once for all of them, and one timer is their heart.
 * @param tokens tells of what is pushed, and of what this process forgets
 */
export function createRevocationStreams(
  tokens: { relay: Pick<TokenService["relay"], "listen"> } & Pick<TokenService, "onForgotten">,
): RevocationStreams {
  const streams = new Set<Stream>()
  let running: (() => void) | null = null

  const end = (stream: Stream) => {
    if (!streams.delete(stream)) return
    stream.controller.close()
    if (streams.size === 0) stop()
  }

  const write = (stream: Stream, bytes: Uint8Array) => {
    if ((stream.controller.desiredSize ?? 0) < bytes.byteLength) end(stream)
    else stream.controller.enqueue(bytes)
  }

  const tell = (news: RevocationNews) => {
    const bytes = bounded(news)
    for (const stream of streams) write(stream, bytes)
  }

  const beat = () => {
    for (const stream of streams) {
      const isRead = stream.controller.desiredSize === BUFFER_BYTES
      stream.unread = isRead ? 0 : stream.unread + 1
      if (stream.isServing() && stream.unread < UNREAD_HEARTBEATS) write(stream, HEARTBEAT)
      else end(stream)
    }
  }

  const start = () => {
    let isPushed = false
    let isWaking = false
    const timer = setInterval(beat, REVOCATION_HEARTBEAT_MS)
    const ended = [
      tokens.relay.listen((news) => {
        isPushed ||= news.kind === "items" || news.entry !== null
        tell(news)
      }),
      // A store that pushes nothing about what this very process has appended: SQLite.
      tokens.onForgotten((item) => {
        if (isPushed || isWaking || item === null) return
        isWaking = true
        setImmediate(() => {
          isWaking = false
          tell({ kind: "appended", entry: null })
        })
      }),
      () => clearInterval(timer),
    ]
    running = () => {
      for (const stopPart of ended) stopPart()
    }
  }

  const stop = () => {
    running?.()
    running = null
  }

  return {
    open: (clientId, isServing) => {
      const open = [...streams].filter((stream) => stream.clientId === clientId).length
      if (open >= FOLLOWERS_PER_CLIENT) throw tooMany()
      let stream: Stream | undefined
      return new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            stream = { clientId, controller, isServing, unread: 0 }
            streams.add(stream)
            if (running === null) start()
            write(stream, HEARTBEAT)
          },
          cancel: () => {
            if (stream !== undefined) streams.delete(stream)
            if (streams.size === 0) stop()
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
      )
    },
  }
}

/** An event; of one that would be too long, only that there is something. */
function bounded(news: RevocationNews): Uint8Array {
  const encoder = new TextEncoder()
  const bytes = encoder.encode(formatRevocationNews(news))
  if (bytes.byteLength < MAX_REVOCATION_EVENT_BYTES) return bytes
  return encoder.encode(formatRevocationNews({ kind: "appended", entry: null }))
}

function tooMany(): RequestRefused {
  const sentence = `A client has at most ${FOLLOWERS_PER_CLIENT} streams open at one server.`
  return new RequestRefused(429, WIRE_ERRORS.rateLimited, sentence, { "Retry-After": "60" })
}
