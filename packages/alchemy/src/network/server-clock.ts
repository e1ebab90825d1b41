/** A difference up to this is nobody's concern, in milliseconds. */
const TOLERATED_MS = 60_000

/** The clock of a server as its answers tell it. */
export type ServerClock = {
  readonly fetch: typeof fetch
  /**
   * Milliseconds since 1970 by the server's clock; by this machine's where the two agree to within a minute,
   * or nothing is known.
   */
  readonly now: () => number
  /** Server minus this machine in milliseconds, 0 to within a minute; `undefined` where nothing is known. */
  readonly skewMs: () => number | undefined
  /** Takes what an earlier command learned, unless an answer has said since. */
  know(skewMs: number): void
}

/**
 * A `fetch` that learns from the `Date` of answers (RFC 9110 §6.6.1, whole seconds) how far this machine's
 * clock is from the server's. The last answer counts. `Date` is taken to be when the answer was sent,
 * somewhere between request and response.
 *
 * @param options.now this machine's clock, milliseconds since 1970
 * @param options.isOurs whether a URL is of the server whose clock counts; every URL where left out
 * @param options.onSkew is told once, of the first difference of more than a minute, in milliseconds
 * (negative: the server is behind)
 */
export function withServerClock(
  send: typeof fetch,
  options: {
    now: () => number
    isOurs?: (url: URL) => boolean
    onSkew?: (skewMs: number) => void
  },
): ServerClock {
  const { now, isOurs = () => true, onSkew = () => {} } = options
  let skewMs: number | undefined
  let told = false
  return {
    fetch: async (input, init) => {
      const sent = now()
      const response = await send(input, init)
      if (!isOurs(new URL(input instanceof Request ? input.url : input))) return response
      skewMs = skewOf(response.headers, sent, now()) ?? skewMs
      if (skewMs !== undefined && skewMs !== 0 && !told) {
        told = true
        onSkew(skewMs)
      }
      return response
    },
    now: () => now() + (skewMs ?? 0),
    skewMs: () => skewMs,
    know: (known) => {
      skewMs ??= known
    },
  }
}

/**
 * How far the server's clock is ahead, in milliseconds; 0 where it may be within a minute; `undefined` where
 * the answer does not say: without a `Date`, or out of a cache.
 * @param sent when the request was sent, `received` when its answer came, both by this machine's clock
 */
export function skewOf(headers: Headers, sent: number, received: number): number | undefined {
  const date = headers.get("date") ?? ""
  const server = / GMT$/.test(date) ? Date.parse(date) : Number.NaN
  const old = headers.has("age") && headers.get("age") !== "0"
  // A clock that was set back in between tells nothing.
  if (Number.isNaN(server) || old || received < sent) return undefined
  const [least, most] = [server - received, server + 999 - sent]
  if (least <= TOLERATED_MS && most >= -TOLERATED_MS) return 0
  return Math.round((least + most) / 2)
}

/** What is said of a difference between the clocks, in milliseconds as `skewOf` gives it. */
export function skewWarning(skewMs: number): string {
  const side = skewMs > 0 ? "behind" : "ahead of"
  return `This machine's clock is ${durationOf(Math.abs(skewMs))} ${side} the server's. Expiry is judged by the server's time; set this machine's clock, since certificates are judged by it.`
}

function durationOf(milliseconds: number): string {
  const units = [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ] as const
  const [name, size] = units.find(([, one]) => milliseconds >= 2 * one) ?? units[2]
  const count = Math.round(milliseconds / size)
  return `${count} ${name}${count === 1 ? "" : "s"}`
}
