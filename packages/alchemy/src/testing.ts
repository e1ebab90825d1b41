import { randomBytes } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import { onTestFinished } from "vitest"
import type { Context } from "./context.ts"
import { main } from "./main.ts"
import type { Prompter } from "./output/prompter.ts"
import { NOW, newToken } from "./testing-server.ts"

export type TestOptions = {
  /** The auth URL; the admin API is taken to be there too. */
  server?: string
  tty?: boolean
  columns?: number
  rows?: number
  env?: Record<string, string | undefined>
  /** What the person answers to a question. */
  confirm?: boolean
  /** The value or the label of what the person chooses from a list. */
  choose?: unknown
  /** What the person types; it must pass the question's own check. */
  text?: string
  config?: unknown
  context?: Partial<Context>
}

/** A machine of its own: a home in a temporary directory, streams that are kept, a browser that follows redirects. */
export async function testMachine(options: TestOptions = {}) {
  const home = await mkdtemp(join(tmpdir(), "alchemy-test-"))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const configPath = join(home, "config.json")
  if (options.config !== undefined) {
    const { config } = options
    await writeFile(configPath, typeof config === "string" ? config : JSON.stringify(config), { mode: 0o600 })
  }
  const opened: string[] = []
  const asked: string[] = []
  const detached: string[] = []

  const run = async (argv: readonly string[], more: Omit<TestOptions, "config"> = {}) => {
    const { server, tty = false, columns, rows, env, context, ...answers } = { ...options, ...more }
    const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const written = { stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"] as const) {
      io[name].setEncoding("utf8").on("data", (text: string) => {
        written[name] += text
      })
    }
    const size = { ...(columns === undefined ? {} : { columns }), ...(rows === undefined ? {} : { rows }) }
    const terminal = tty ? { isTTY: true, ...size } : {}
    const testContext: Context = {
      stdin: Object.assign(io.stdin, terminal),
      stdout: Object.assign(io.stdout, terminal),
      stderr: Object.assign(io.stderr, terminal),
      env: { ALCHEMY_CONFIG: configPath, ALCHEMY_AUTH_URL: server, NO_COLOR: "1", ...env },
      platform: "linux",
      osName: "Linux 6.0",
      hostname: "test-machine",
      homeDirectory: home,
      workingDirectory: home,
      fetch: globalThis.fetch,
      now: () => NOW,
      delay: () => turn(),
      every: () => () => {},
      randomBytes,
      openBrowser: async (url) => {
        opened.push(url)
        await fetch(url)
      },
      canOpenBrowser: async () => true,
      prompter: testPrompter(asked, answers),
      keychain: null,
      npmRegistry: async () => "https://registry.example",
      runDetached: (argv) => {
        detached.push(argv.join(" "))
      },
      signal: new AbortController().signal,
      ...context,
    }
    const code = await main(argv, testContext)
    await new Promise((resolve) => setImmediate(resolve))
    return {
      code,
      ...written,
      /** stdout as JSON. */
      get json() {
        return JSON.parse(written.stdout)
      },
      /** The error on stderr, its last line. */
      get error() {
        return JSON.parse(written.stderr.trim().split("\n").at(-1) ?? "").error
      },
    }
  }

  return {
    run,
    home,
    configPath,
    opened,
    asked,
    /** The commands that were to run apart. */
    detached,
    config: async () => JSON.parse(await readFile(configPath, "utf8")) as Record<string, unknown>,
  }
}

/** A person who answers what the test says, and nothing else. */
function testPrompter(asked: string[], answers: Pick<TestOptions, "confirm" | "choose" | "text">): Prompter {
  const unexpected = (question: string) => new Error(`The test has no answer to ${question}`)
  return {
    confirm: async (question) => {
      asked.push(question)
      return answers.confirm ?? false
    },
    password: async () => "typed-access-key-0123456789",
    choose: async (question, options) => {
      asked.push(question)
      const chosen = options.find(({ value, label }) => value === answers.choose || label === answers.choose)
      if (chosen === undefined) throw unexpected(question)
      return chosen.value
    },
    text: async (question, { validate } = {}) => {
      asked.push(question)
      const { text } = answers
      const wrong = text === undefined ? undefined : validate?.(text)
      if (text === undefined || wrong !== undefined) throw unexpected(`${question} ${wrong ?? ""}`)
      return text
    },
  }
}

/** The configuration of a machine that is signed in at a server, until `days` after `NOW`. */
export function signedInConfig(server: string | null, token = newToken(), days = 89) {
  return {
    auth_token: token,
    auth_token_expires_at: new Date(NOW + days * 86_400_000).toISOString(),
    ...(server === null ? {} : { auth_token_server: server }),
  }
}

/** An address on loopback where nobody listens, and that `fetch` does not refuse by its port as it does 1. */
export const NOBODY = "http://127.0.0.1:2"
