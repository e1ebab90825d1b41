import { randomBytes } from "node:crypto"
import { homedir, hostname, release } from "node:os"
import type { Readable, Writable } from "node:stream"
import { createPrompter, type Prompter } from "./output/prompter.ts"
import { proxiedFetch } from "./proxied-fetch.ts"

/** Everything outside the program, so that a test can bring its own. */
export type Context = {
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Writable & { isTTY?: boolean; columns?: number }
  readonly stderr: Writable & { isTTY?: boolean; columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** The operating system as the approval page shows it, for example `Linux 6.12`. */
  readonly osName: string
  readonly hostname: string
  readonly homeDirectory: string
  readonly workingDirectory: string
  readonly fetch: typeof fetch
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly randomBytes: (size: number) => Uint8Array
  readonly openBrowser: (url: string) => Promise<void>
  readonly canOpenBrowser: () => Promise<boolean>
  readonly prompter: Prompter
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/** The context of this process. The first SIGINT or SIGTERM aborts `signal`; a second one ends the process as ever. */
export function createProcessContext(): Context {
  const { stdin, stdout, stderr, env, platform } = process
  const interruption = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interruption.abort())
  }
  // A reader that has gone away (`alchemy … | head`) is no failure of ours.
  for (const stream of [stdout, stderr]) stream.on("error", () => {})
  const systems: Partial<Record<NodeJS.Platform, string>> = {
    darwin: "macOS",
    linux: "Linux",
    win32: "Windows",
  }
  return {
    stdin,
    stdout,
    stderr,
    env,
    platform,
    osName: `${systems[platform] ?? platform} ${release()}`,
    hostname: hostname(),
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
    fetch: proxiedFetch(env),
    now: Date.now,
    randomBytes,
    openBrowser: async (url) => (await import("@authchemy/cli-sign-in")).openBrowser(url, { env }),
    canOpenBrowser: async () => (await import("@authchemy/cli-sign-in")).canOpenBrowser(env, platform),
    prompter: createPrompter({ input: stdin, output: stderr, signal: interruption.signal }),
    signal: interruption.signal,
  }
}
