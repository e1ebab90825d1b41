import { homedir, hostname, release, userInfo } from "node:os"
import { isAbsolute } from "node:path"
import type { Readable, Writable } from "node:stream"
import type { Keychain } from "@authchemy/cli-sign-in/credentials"
import { networkFetch } from "./network/network-fetch.ts"
import { createPrompter, type Prompter } from "./output/prompter.ts"
import { type ResultStream, resultStream } from "./output/result-stream.ts"

/** Everything outside the program, so that a test can bring its own. */
export type Context = {
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: ResultStream
  readonly stderr: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** The operating system as the approval page shows it, for example `Linux 6.12`. */
  readonly osName: string
  readonly hostname: string
  /** Absolute; empty where there is none. */
  readonly homeDirectory: string
  /** Reading it throws where the directory has been removed. */
  readonly workingDirectory: string
  readonly fetch: typeof fetch
  /** Milliseconds since 1970. */
  readonly now: () => number
  /**
   * How a pause of so many milliseconds is waited out, and ends early when the signal is aborted. Real time
   * where left out.
   */
  readonly delay?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** How a function is called every so many milliseconds, until the returned one is called. Real time where left out. */
  readonly every?: (milliseconds: number, call: () => void) => () => void
  readonly randomBytes: (size: number) => Uint8Array
  readonly openBrowser: (url: string) => Promise<void>
  readonly canOpenBrowser: () => Promise<boolean>
  readonly prompter: Prompter
  /** The system's where left out; `null`: none. */
  readonly keychain?: Keychain | null
  /** The package registry that npm is set up for; `null` where npm does not say. */
  readonly npmRegistry: () => Promise<string | null>
  /** Runs this command once more, apart from this process and its terminal, and does not wait for it. */
  readonly runDetached: (argv: readonly string[]) => void
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/** A context with something changed or added. The original stays behind as the prototype: its streams are opened when they are used. */
export function contextWith<Base extends Context, More extends object>(
  context: Base,
  more: More,
): Base & More {
  return Object.assign(Object.create(context) as Base, more)
}

/** The context of this process. The first SIGINT or SIGTERM aborts `signal`; a second one ends the process as ever. */
export function createProcessContext(): Context {
  const { env, platform } = process
  const interruption = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interruption.abort())
  }
  // A reader that has gone away (`alchemy … | head`) is no failure of ours.
  const quiet = <T extends Writable>(stream: T) => {
    if (stream.listenerCount("error") === 0) stream.on("error", () => {})
    return stream
  }
  const systems: Partial<Record<NodeJS.Platform, string>> = {
    darwin: "macOS",
    linux: "Linux",
    win32: "Windows",
  }
  let stdout: ResultStream | undefined
  return {
    // The runtime opens each stream at its first use, which takes milliseconds.
    get stdin() {
      return process.stdin
    },
    get stdout() {
      stdout ??= resultStream(1, () => quiet(process.stdout))
      return stdout
    },
    get stderr() {
      return quiet(process.stderr)
    },
    env,
    platform,
    osName: `${systems[platform] ?? platform} ${release()}`,
    hostname: hostname(),
    get homeDirectory() {
      return homeDirectoryOfProcess()
    },
    get workingDirectory() {
      return process.cwd()
    },
    fetch: networkFetch(env),
    now: Date.now,
    // The Web Crypto of the runtime is the same source as `node:crypto`, which takes milliseconds to load.
    randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
    openBrowser: async (url) => (await import("@authchemy/cli-sign-in")).openBrowser(url, { env }),
    canOpenBrowser: async () => (await import("@authchemy/cli-sign-in")).canOpenBrowser(env, platform),
    get prompter() {
      return createPrompter({ input: process.stdin, output: process.stderr, signal: interruption.signal })
    },
    npmRegistry: async () => (await import("./network/npm-registry.ts")).npmRegistry(env, platform),
    runDetached: (argv) => {
      const [, program = ""] = process.argv
      const { spawn } = process.getBuiltinModule("node:child_process")
      const options = { detached: true, stdio: "ignore", windowsHide: true, env } as const
      const child = spawn(process.execPath, [...process.execArgv, program, ...argv], options)
      child.on("error", () => {})
      child.unref()
    },
    signal: interruption.signal,
  }
}

/** `HOME` where it is absolute, else what the system knows of the user, who may be unknown to it. */
function homeDirectoryOfProcess(): string {
  for (const home of [homedir, () => userInfo().homedir]) {
    try {
      const directory = home()
      if (isAbsolute(directory)) return directory
    } catch {}
  }
  return ""
}
