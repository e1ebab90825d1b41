import { type DestinationStream, type Logger, pino } from "pino"

/**
 * The server's log: one JSON object a line, on standard output unless told otherwise. Tokens, codes and keys that slip into a
 * text are blacked out; headers, queries and bodies never get here at all.
 */
export function createLogger(destination?: DestinationStream): Logger {
  return pino(
    {
      base: null,
      timestamp: createTimestamp(),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination ?? standardOutput(),
  )
}

/** How long lines are gathered before they are written together, in milliseconds: each write wakes another thread. */
const GATHER_MS = 20
const KIB = 1024
/** How many bytes of lines are gathered at most. */
const GATHERED = 256 * KIB
/** The most bytes of UTF-8 that a character of a text can take. */
const BYTES = 3

/** Standard output, written beside the requests and in order; what is left when the process ends is written then. */
function standardOutput(): DestinationStream {
  // Writes when it is told to, by the timer here; where it is still writing then, within a second.
  const output = pino.destination({
    ...{ dest: 1, sync: false, contentMode: "buffer" },
    ...{ minLength: 4 * GATHERED, maxWrite: 8 * GATHERED, periodicFlush: 1_000 },
  })
  // Lines are copied as they come: a text that is put together of many is turned into bytes at several times the cost.
  const gathered = Buffer.allocUnsafe(GATHERED)
  let used = 0
  const handOver = () => {
    if (used > 0) put(Buffer.from(gathered.subarray(0, used)))
    used = 0
  }
  const put = (bytes: Buffer) => output.write(bytes as unknown as string)
  // Comes before the listener of pino's that writes what is left.
  process.prependListener("exit", handOver)
  return {
    write: (line) => {
      if (used === 0) {
        setTimeout(() => {
          handOver()
          output.flush()
        }, GATHER_MS)
      }
      if (used + line.length * BYTES > GATHERED) handOver()
      if (line.length * BYTES > GATHERED) put(Buffer.from(line))
      else used += gathered.write(line, used)
    },
  }
}

/** The time as a member of a line's object; all lines of one millisecond share the text. */
function createTimestamp(): () => string {
  let at = Number.NaN
  let text = ""
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}

/** Blacks out tokens, codes and keys of this server, webhook secrets, and passwords in URLs. */
export function withoutSecrets(text: string): string {
  if (!text.includes("alchemy_") && !text.includes("://") && !text.includes("whsec_")) return text
  return text
    .replace(/alchemy_([a-z]{2})_[\w-]+/g, "alchemy_$1_…")
    .replace(/whsec_[\w+/=-]+/g, "whsec_…")
    .replace(/:\/\/[^\s/@]*@/g, "://…@")
}

type ErrorDescription = {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: ErrorDescription
}

/** What a log says of an error: its class, message, code, stack and causes, and none of its other properties. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: "not an Error" }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: withoutSecrets(error.stack) }),
    ...(error.cause === undefined || depth >= 4 ? {} : { cause: describeError(error.cause, depth + 1) }),
  }
}
