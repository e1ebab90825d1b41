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

/** What each code means, and what a program does about it where the error's own hint says nothing better. */
export const ERROR_GUIDE: Readonly<Record<ErrorCode, { meaning: string; whatToDo: string }>> = {
  INTERNAL_ERROR: {
    meaning: "A fault inside this command.",
    whatToDo: "Run it once more with --debug, and report what it shows.",
  },
  CREDENTIAL_STORE_ERROR: {
    meaning: "The config file or the keychain could not be read or written.",
    whatToDo: "Follow the hint; `alchemy auth doctor` looks into it. Do not delete the file.",
  },
  INVALID_ARGS: {
    meaning: "The command line, a variable or a setting is wrong. Nothing was sent.",
    whatToDo: "Correct what the message names; `alchemy <command> --help` lists what there is.",
  },
  AUTH_REQUIRED: {
    meaning: "There is no sign-in, it has expired, or the server does not accept it any more.",
    whatToDo: "Ask the person whether to sign in, then sign in in two steps. Or have ALCHEMY_ACCESS_KEY set.",
  },
  INVALID_ACCESS_KEY: {
    meaning: "The server does not accept the access key.",
    whatToDo: "Tell the person where the key came from (the message says it). Do not try others.",
  },
  LOGIN_DENIED: {
    meaning: "The person, or the server, said no to the sign-in.",
    whatToDo: "Take it as the answer. Do not begin another sign-in unless asked to.",
  },
  LOGIN_TIMEOUT: {
    meaning: "Nobody approved the sign-in in time.",
    whatToDo: "Ask whether to begin anew: `alchemy auth login --no-interactive --json`.",
  },
  NOT_FOUND: {
    meaning: "What was named is not there.",
    whatToDo: "List what there is with the command that the hint names.",
  },
  RATE_LIMITED: {
    meaning: "There were too many requests.",
    whatToDo: "Wait as long as the hint says, then run the same command again.",
  },
  NETWORK_ERROR: {
    meaning: "The server could not be reached, or did not answer in time.",
    whatToDo: "Try again a little later, a few times at most. `alchemy auth doctor` looks into it.",
  },
  ADMIN_API_ERROR: {
    meaning: "The server refused the request, or failed.",
    whatToDo: "Read the message. Try again only where the error says `retryable: true`.",
  },
  INTERRUPTED: {
    meaning: "The command was stopped by a signal.",
    whatToDo: "Nothing. Look at the state before running it again.",
  },
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(["NETWORK_ERROR", "RATE_LIMITED", "LOGIN_TIMEOUT"])

/** Whether the same command may succeed later, unchanged, where the error itself does not say otherwise. */
export function isRetryable(code: ErrorCode): boolean {
  return RETRYABLE.has(code)
}

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
    this.retryable = details.retryable ?? isRetryable(code)
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
