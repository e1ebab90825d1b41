import { type DestinationStream, type Logger, pino } from "pino"

/**
 * The server's log: one JSON object a line, on standard output unless told otherwise. Tokens, codes and keys that slip into a
 * text are blacked out; headers, queries and bodies never get here at all.
 */
export function createLogger(destination?: DestinationStream): Logger {
  return pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    // Written beside the requests, in order; what is left when the process ends is written then.
    destination ?? pino.destination({ dest: 1, sync: false }),
  )
}

/** Blacks out tokens, codes and keys of this server, and passwords in URLs. */
export function withoutSecrets(text: string): string {
  return text.replace(/alchemy_([a-z]{2})_[\w-]+/g, "alchemy_$1_…").replace(/:\/\/[^\s/@]*@/g, "://…@")
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
