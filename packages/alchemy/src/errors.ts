/** What a program can rely on: each error code and the exit code of the process that ends with it. */
export const EXIT_CODES = {
  INTERNAL_ERROR: 1,
  CREDENTIAL_STORE_ERROR: 1,
  INVALID_ARGS: 2,
  AUTH_REQUIRED: 3,
  INVALID_ACCESS_KEY: 3,
  LOGIN_DENIED: 3,
  LOGIN_TIMEOUT: 3,
  NOT_FOUND: 4,
  RATE_LIMITED: 5,
  NETWORK_ERROR: 6,
  ADMIN_API_ERROR: 8,
  INTERRUPTED: 130,
} as const

/** One of the codes in `EXIT_CODES`. */
export type ErrorCode = keyof typeof EXIT_CODES

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(["NETWORK_ERROR", "RATE_LIMITED", "LOGIN_TIMEOUT"])

/** A failure as data. It is thrown upward and rendered once, in `main`; nothing here prints. */
export class CLIError extends Error {
  readonly code: ErrorCode
  /** What to do about it, with the next command to type. */
  readonly hint: string | undefined
  /** Whether the same command may succeed later, unchanged. */
  readonly retryable: boolean
  /** The HTTP status that caused it, where one did. */
  readonly status: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    details: {
      hint?: string | undefined
      retryable?: boolean | undefined
      status?: number | undefined
      cause?: unknown
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = "CLIError"
    this.code = code
    this.hint = details.hint
    this.retryable = details.retryable ?? RETRYABLE.has(code)
    this.status = details.status
  }

  get exitCode(): number {
    return EXIT_CODES[this.code]
  }
}

/** The error of a person who pressed Ctrl-C. */
export function interrupted(): CLIError {
  return new CLIError("INTERRUPTED", "Interrupted.")
}
