import { randomBytes } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { onTestFinished } from "vitest"
import type { CommandContext } from "../command.ts"
import { openConfigFile } from "../config/file.ts"
import { parseGlobalFlags } from "../flags.ts"
import { createReporter } from "../output/reporter.ts"
import { NOW } from "../testing-server.ts"
import type { Check } from "./check.ts"
import { createPatient } from "./patient.ts"
import type { Probes } from "./probes.ts"

/** A system error. */
export const failure = (code: string) => Object.assign(new Error(code), { code })

/** A machine on which nothing is wrong, and nothing is really touched. */
export const fineProbes: Probes = {
  listen: async (port) => ({ port: port || 1, close: async () => {} }),
  connect: async () => {},
  lookUp: async () => ["127.0.0.1"],
  run: async () => "",
  holderOf: async () => null,
  fileExists: () => false,
  limit: AbortSignal.timeout,
  userId: process.getuid?.() ?? null,
  nodeVersion: "24.1.0",
}

/** A `fetch` that answers each URL alike; `date` is the server's clock, this machine's where left out. */
export function answering(status: number, body: string, options: { date?: number } = {}): typeof fetch {
  const date = new Date(options.date ?? NOW).toUTCString()
  return async () => new Response(body, { status, headers: { date } })
}

export type PatientOptions = {
  /** What stands in the config file, as it is where it is a text; there is none where left out. */
  content?: unknown
  mode?: number
  env?: Record<string, string>
  flags?: Record<string, unknown>
  probes?: Partial<Probes>
  context?: Partial<CommandContext>
  offline?: boolean
}

/** A patient with a home of its own in a temporary directory. */
export async function testPatient(options: PatientOptions = {}) {
  const home = await mkdtemp(join(tmpdir(), "alchemy-doctor-"))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const configPath = join(home, "config.json")
  const { content, mode = 0o600 } = options
  if (content !== undefined) {
    await writeFile(configPath, typeof content === "string" ? content : JSON.stringify(content), { mode })
  }
  const warnings: string[] = []
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const env = { ALCHEMY_CONFIG: configPath, ALCHEMY_AUTH_URL: "https://auth.example.com", ...options.env }
  const flags = parseGlobalFlags(options.flags ?? {}, { stdin, stdout, stderr, env })
  const context: CommandContext = {
    stdin,
    stdout,
    stderr,
    env,
    flags,
    platform: "linux",
    osName: "Linux 6.0",
    hostname: "test-machine",
    homeDirectory: home,
    workingDirectory: home,
    fetch: answering(200, "{}"),
    now: () => NOW,
    serverNow: () => NOW,
    npmRegistry: async () => null,
    randomBytes,
    openBrowser: async () => {},
    canOpenBrowser: async () => true,
    prompter: {
      confirm: async () => false,
      password: async () => "",
      choose: () => Promise.reject(new Error("nothing is asked")),
      text: async () => "",
    },
    keychain: null,
    runDetached: () => {},
    signal: new AbortController().signal,
    report: createReporter({ stderr, env }, flags),
    config: () => {
      opened ??= openConfigFile(context, (warning) => warnings.push(warning))
      return opened
    },
    ...options.context,
  }
  let opened: ReturnType<CommandContext["config"]> | undefined
  const probes = { ...fineProbes, ...options.probes }
  const patient = createPatient(context, probes, options.offline ?? false)
  const look = (check: Check) => check.look(patient)
  /** Mends what a check found, and looks again. */
  const mend = async (check: Check) => {
    const first = await look(check)
    if (first.fix === undefined) throw new Error(`Nothing can be mended: ${first.found}`)
    const said = await first.fix()
    return { said, after: await look(check) }
  }
  return { patient, context, home, configPath, warnings, look, mend }
}
