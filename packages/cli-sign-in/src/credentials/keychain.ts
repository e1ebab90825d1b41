import { existsSync } from "node:fs"

/** How long a keychain may take to answer, in milliseconds. */
export const KEYCHAIN_TIMEOUT_MS = 3000
/** Far more than an answer with a token takes, in characters. */
const MOST_OUTPUT = 64 * 1024

/**
 * Why a keychain could not be used. `absent`: there is none, or no library for it; `locked`: it waits for a person; `silent`:
 * no answer in time; `refused`: it said no; `missing`: the entry that should be there is not.
 */
export type KeychainProblem = "absent" | "locked" | "silent" | "refused" | "missing"

/** The keychain could not be used. `message` is one phrase for people and holds nothing secret. */
export class KeychainError extends Error {
  readonly code = "keychain"
  readonly problem: KeychainProblem

  constructor(problem: KeychainProblem, message: string) {
    super(message)
    this.name = "KeychainError"
    this.problem = problem
  }
}

/** Keeps secrets by name. Each method throws KeychainError, within `KEYCHAIN_TIMEOUT_MS`. */
export type Keychain = {
  /** For people, for example `macOS Keychain`. */
  readonly name: string
  read(entry: string): Promise<string | null>
  write(entry: string, secret: string): Promise<void>
  remove(entry: string): Promise<void>
}

/** One question to the process that talks to the keychain. */
export type KeychainRequest = {
  service: string
  entry: string
  do: "read" | "write" | "remove"
  secret?: string
}
/** What that process answers. */
export type KeychainAnswer = { secret: string | null } | { error: string; missingLibrary?: true }

const NAMES: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "macOS Keychain",
  win32: "Windows Credential Manager",
  linux: "Secret Service keychain",
}

/**
 * The keychain of the operating system: macOS Keychain, Windows Credential Manager, or the Secret Service on Linux. It is
 * asked by a process of its own, because the libraries for it can block the whole process that calls them, and one that
 * hangs is killed. Secrets travel over its stdin and stdout.
 *
 * @param options.service what the entries are filed under, for example `alchemy-cli`
 * @param options.run how the process is run; the real one where left out
 */
export function systemKeychain(options: {
  service: string
  env: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
  timeoutMs?: number
  fileExists?: (path: string) => boolean
  run?: typeof runKeychainProcess
}): Keychain {
  const { service, env, platform, timeoutMs = KEYCHAIN_TIMEOUT_MS, fileExists = existsSync } = options
  const { run = runKeychainProcess } = options
  const name = NAMES[platform] ?? "keychain"
  const ask = async (request: Omit<KeychainRequest, "service">): Promise<string | null> => {
    if (platform === "linux" && !hasSessionBus(env, fileExists)) {
      throw new KeychainError("absent", "there is no session bus, so no Secret Service")
    }
    const answer = await run({ service, ...request }, { env, timeoutMs })
    if ("secret" in answer) return answer.secret
    throw answer.missingLibrary
      ? new KeychainError("absent", "the library for it is not installed (@napi-rs/keyring)")
      : keychainError(answer.error)
  }
  return {
    name,
    read: (entry) => ask({ entry, do: "read" }),
    write: async (entry, secret) => {
      await ask({ entry, do: "write", secret })
    },
    remove: async (entry) => {
      await ask({ entry, do: "remove" })
    },
  }
}

/** The default place of the bus (systemd) counts as well as the variable. */
function hasSessionBus(
  env: Readonly<Record<string, string | undefined>>,
  fileExists: (path: string) => boolean,
): boolean {
  if (env.DBUS_SESSION_BUS_ADDRESS) return true
  return Boolean(env.XDG_RUNTIME_DIR) && fileExists(`${env.XDG_RUNTIME_DIR}/bus`)
}

/** What the libraries of the three systems say, by their words: they have no common codes. The first that fits holds. */
const PROBLEMS: readonly (readonly [KeychainProblem, RegExp])[] = [
  ["silent", /did not receive a reply|no ?reply|timed? ?out/i],
  // Secret Service: a prompt dismissed, or none that could be shown; KWallet, KeePassXC: IsLocked. macOS: errSecInteractionNotAllowed,
  // errSecInteractionRequired, errSecAuthFailed, errSecUserCanceled, errSecInDarkWake, in words or as a number.
  [
    "locked",
    /\b(?:is)?locked\b|dismissed|prompt\b|user interaction|dark wake|user cancell?ed|passphrase you entered|-(?:25308|25315|25293|25320|128)\b/i,
  ],
  // No bus, nobody on it who keeps secrets, no collection to keep them in; macOS: errSecNotAvailable, errSecNoDefaultKeychain,
  // errSecNoSuchKeychain; Windows: a session without a logon, for example a service or ssh.
  [
    "absent",
    /serviceunknown|not provided by any|not activatable|no result found|result not returned|name ?has ?no ?owner|no dbus session|failed to connect|could not parse server address|autolaunch|\bspawn\b|no such file|nodefaultstore|no default store|not supported|no keychain is available|keychain could not be found|no_such_logon_session|logon session does not exist|-(?:25291|25307|25294)\b/i,
  ],
]

function keychainError(message: string): KeychainError {
  const said = message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").slice(0, 200)
  const problem = PROBLEMS.find(([, words]) => words.test(said))?.[0] ?? "refused"
  return new KeychainError(problem, phraseOf(problem, said))
}

function phraseOf(problem: KeychainProblem, said: string): string {
  if (problem === "locked") return `it is locked (${said})`
  if (problem === "silent") return "it did not answer; it may be locked"
  if (problem === "absent") return `there is none that can be used (${said})`
  return `it refused (${said})`
}

/**
 * Asks in a process of its own, which is killed when the time is over.
 * @param options.program the process; the one beside this file where left out
 * @throws KeychainError `silent`, or `refused` where the process could not be run
 */
export function runKeychainProcess(
  request: KeychainRequest,
  options: { env: Readonly<Record<string, string | undefined>>; timeoutMs: number; program?: string },
): Promise<KeychainAnswer> {
  const { timeoutMs, program = programPath() } = options
  // It is meant for our own process: a debugger, or a module to load first.
  const { NODE_OPTIONS: _, ...env } = options.env
  const { spawn } = process.getBuiltinModule("node:child_process")
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], {
      env,
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    })
    let output = ""
    const fail = (problem: KeychainProblem, message: string) => {
      child.kill("SIGKILL")
      // A process of its own may hold the other ends.
      for (const stream of [child.stdin, child.stdout]) stream.destroy()
      reject(new KeychainError(problem, message))
    }
    const timer = setTimeout(
      () => fail("silent", `it did not answer within ${timeoutMs / 1000} s; it may be locked`),
      timeoutMs,
    )
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (output.length > MOST_OUTPUT) fail("refused", "its answer was far too long")
    })
    child.stdin.on("error", () => {})
    child.on("error", (error) => {
      clearTimeout(timer)
      reject(new KeychainError("refused", `it could not be asked (${error.message})`))
    })
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      const answer = answerIn(output)
      if (answer !== null) resolve(answer)
      else reject(new KeychainError("refused", `its library failed (${signal ?? `exit ${code}`})`))
    })
    child.stdin.end(JSON.stringify(request))
  })
}

/** The built package has it as JavaScript; the sources are run as they are. */
function programPath(): string {
  const { url } = import.meta
  const { fileURLToPath } = process.getBuiltinModule("node:url")
  return fileURLToPath(new URL(`./keychain-process.${url.endsWith(".ts") ? "ts" : "js"}`, url))
}

function answerIn(output: string): KeychainAnswer | null {
  try {
    const answer: unknown = JSON.parse(output)
    if (typeof answer !== "object" || answer === null) return null
    const { secret, error, missingLibrary } = answer as Record<string, unknown>
    if (typeof error === "string") return missingLibrary === true ? { error, missingLibrary } : { error }
    return typeof secret === "string" || secret === null ? { secret } : null
  } catch {
    return null
  }
}
