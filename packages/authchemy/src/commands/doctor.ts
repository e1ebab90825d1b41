import { tidyText } from "@authchemy/protocol"
import { type Config, parseConfig } from "../config.ts"
import { ConfigError } from "../config-error.ts"
import { type CheckResult, ok, warning, wrong } from "../doctor/check.ts"
import { examine } from "../doctor/examine.ts"
import { hiding } from "../doctor/hidden.ts"
import { withoutSecrets } from "../logging.ts"
import { CommandError, type CommandIo } from "./command.ts"

const MARKS: Readonly<Record<CheckResult["state"], string>> = { ok: "✓", warning: "!", wrong: "✗" }
const LONGEST_LINE = 500

/**
 * `authchemy doctor [--json]`: configuration, stores, mail, address, TLS, clock, providers; each with what to do about it. Changes nothing.
 * @throws CommandError 1 where something is wrong; what deserves a look only is no failure
 */
export async function runDoctor(
  options: { json?: boolean },
  io: CommandIo,
  dependencies: { fetch: typeof fetch; now: () => number } = { fetch, now: Date.now },
): Promise<void> {
  const results: CheckResult[] = []
  const onResult = (result: CheckResult) => {
    results.push(safe(result))
    if (!options.json) io.stdout(textOf(safe(result)))
  }
  const { config, findings } = readConfiguration(io.env)
  for (const finding of findings) onResult({ check: "configuration", ...finding })
  if (config !== null) await examine({ config, env: io.env, ...dependencies, onResult })
  const found = results.filter(({ state }) => state === "wrong").length
  if (options.json) io.stdout(`${JSON.stringify({ ok: found === 0, checks: results }, null, 2)}\n`)
  if (found > 0) throw new CommandError(1, `${found} of ${results.length} checks found something wrong.`)
}

/** The configuration, `null` where it cannot be used, and what is to be said of it. */
function readConfiguration(env: CommandIo["env"]) {
  const known = new Set<string>()
  const watched = new Proxy(env, {
    get: (target, name) => {
      known.add(String(name))
      return Reflect.get(target, name)
    },
  })
  try {
    const config: Config = parseConfig(watched)
    const { issuer, host, port } = config
    const unknown = Object.keys(env).filter((name) => name.startsWith("AUTHCHEMY_") && !known.has(name))
    return {
      config,
      findings: [
        ok(`the server is ${issuer}, and listens on ${host} port ${port}`),
        ...unknown.map((name) =>
          warning(
            `${name} means nothing to this version`,
            "See the README for how each variable is written.",
          ),
        ),
      ],
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const hide = hiding(env, [])
    const findings = error.problems.map(({ variable, message }) =>
      wrong(`${variable} ${hide(message)}`, "See the README for what each variable accepts."),
    )
    return { config: null, findings }
  }
}

function textOf({ check, state, message, next }: CheckResult): string {
  return `${MARKS[state]} ${check}: ${message}\n${next === undefined ? "" : `    ${next}\n`}`
}

/** What others said reaches the terminal as one line, and without passwords of addresses. */
function safe(result: CheckResult): CheckResult {
  const { message, next } = result
  const tidy = (text: string) => tidyText(withoutSecrets(text), LONGEST_LINE)
  return { ...result, message: tidy(message), ...(next === undefined ? {} : { next: tidy(next) }) }
}
