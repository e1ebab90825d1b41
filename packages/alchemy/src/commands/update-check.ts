import { networkReason } from "../admin/network-reason.ts"
import { boundedText } from "../admin/request.ts"
import type { Command, CommandContext, Result } from "../command.ts"
import { readCache, writeCache } from "../config/cache-file.ts"
import { configPath } from "../config/path.ts"
import { parseServerUrl } from "../config/server-urls.ts"
import { CLIError } from "../errors.ts"
import { compareVersions, parseVersion } from "../semver.ts"
import { VERSION } from "../version.ts"

const PACKAGE = "@authchemy/alchemy"
/** How long the registry has to answer, in milliseconds. */
const LIMIT_MS = 1000
/** How long an answer is good, in milliseconds. */
const GOOD_FOR_MS = 86_400_000

export type UpdateCheckOptions = { force: boolean }

/** What is known of newer versions. `skipped`: nobody was asked, and why. */
export type UpdateReport = {
  current: string
  latest: string | null
  updateAvailable: boolean
  /** UTC, ISO 8601: when the registry was asked. */
  checkedAt: string | null
  skipped?: "ci" | "environment"
}

export const command: Command<UpdateCheckOptions> = {
  parse: (_operands, raw) => ({ force: raw.force === true }),
  run: updateCheckRun,
}

/**
 * Whether there is a newer version, by the package registry: once a day at most, unless `force`. No other command asks.
 * @throws CLIError `NETWORK_ERROR` where the registry does not answer in a second, `ADMIN_API_ERROR` where it answers something else
 */
export async function updateCheckRun(options: UpdateCheckOptions, context: CommandContext): Promise<Result> {
  const skipped = options.force ? undefined : reasonToSkip(context)
  if (skipped !== undefined) {
    return resultOf({ current: VERSION, latest: null, updateAvailable: false, checkedAt: null, skipped })
  }
  const { npm_config_registry: text } = context.env
  const named = text ? parseServerUrl(text, "npm_config_registry") : null
  const path = `${configPath(context)}.update-check`
  const now = context.now()
  const kept = options.force ? null : keptAnswer(await readCache(path), named, now)
  if (kept !== null) return resultOf(reportOf(kept.latest, kept.at))
  const latest = await context.report.working("the package registry", async () =>
    askRegistry(named ?? (await registryOfNpm(context)), context),
  )
  await writeCache(path, { registry: named, latest, at: now })
  return resultOf(reportOf(latest, now))
}

/** @throws CLIError `NOT_FOUND` where npm does not say which it is */
async function registryOfNpm(context: CommandContext): Promise<string> {
  const registry = await context.npmRegistry()
  if (registry !== null) return parseServerUrl(registry, "npm's registry")
  throw new CLIError("NOT_FOUND", "npm does not say which package registry it uses, so none was asked.", {
    hint: "Set npm_config_registry to the registry's address.",
  })
}

/** A CI system pins its versions, and would ask anew each time: nothing is kept there. */
function reasonToSkip({ env, flags }: CommandContext): UpdateReport["skipped"] {
  const isSet = (value = "") => !["", "0", "false"].includes(value.toLowerCase())
  if (isSet(env.ALCHEMY_NO_UPDATE_CHECK)) return "environment"
  return flags.nobodyThere && isSet(env.CI) ? "ci" : undefined
}

/** @param registry `null`: npm's */
function keptAnswer(
  content: unknown,
  registry: string | null,
  now: number,
): { latest: string; at: number } | null {
  if (typeof content !== "object" || content === null) return null
  const { latest, at, registry: asked } = content as Record<string, unknown>
  if (typeof latest !== "string" || parseVersion(latest) === null || typeof at !== "number") return null
  return asked === registry && Math.abs(now - at) < GOOD_FOR_MS ? { latest, at } : null
}

async function askRegistry(registry: string, context: CommandContext): Promise<string> {
  const limit = AbortSignal.any([context.signal, AbortSignal.timeout(context.flags.timeoutMs ?? LIMIT_MS)])
  let status: number
  let body: string
  try {
    const url = `${registry}/${PACKAGE.replace("/", "%2f")}/latest`
    const headers = { accept: "application/json" }
    const response = await context.fetch(url, { redirect: "manual", signal: limit, headers })
    status = response.status
    body = await boundedText(response)
  } catch (cause) {
    if (cause instanceof CLIError) throw cause
    if (context.signal.aborted) throw new CLIError("INTERRUPTED", "Interrupted.", { cause })
    const reason = networkReason(limit.aborted ? limit.reason : cause, context.flags.timeoutMs ?? LIMIT_MS)
    throw new CLIError("NETWORK_ERROR", `The package registry ${registry} could not be reached: ${reason}.`, {
      hint: "Try again later, or give it longer with --timeout <ms>.",
      cause,
    })
  }
  const latest = versionIn(body)
  if (status === 200 && latest !== null) return latest
  throw new CLIError(
    "ADMIN_API_ERROR",
    status === 200
      ? `The package registry ${registry} answered with something that names no version.`
      : status === 404
        ? `The package registry ${registry} does not have ${PACKAGE}.`
        : `The package registry ${registry} answered ${status}.`,
    {
      hint: "`npm config get registry` shows which one npm uses; npm_config_registry names another.",
      status,
      retryable: status >= 500,
    },
  )
}

function versionIn(body: string): string | null {
  try {
    const { version } = JSON.parse(body)
    return typeof version === "string" && parseVersion(version) !== null ? version : null
  } catch {
    return null
  }
}

function reportOf(latest: string, at: number): UpdateReport {
  const [newest, own] = [parseVersion(latest), parseVersion(VERSION)]
  const updateAvailable = newest !== null && own !== null && compareVersions(newest, own) > 0
  return { current: VERSION, latest, updateAvailable, checkedAt: new Date(at).toISOString() }
}

function resultOf(report: UpdateReport): Result {
  const { current, latest, updateAvailable, skipped } = report
  return {
    data: report,
    text: (style) => {
      if (skipped !== undefined) {
        const why = skipped === "ci" ? "this is a CI system (CI is set)" : "ALCHEMY_NO_UPDATE_CHECK is set"
        return `Not checked: ${why}.\n  To check all the same: ${style.bold("alchemy update-check --force")}\n`
      }
      if (!updateAvailable)
        return `${style.green("✓")} There is no version newer than this one, ${current}.\n`
      return `${style.yellow("!")} Version ${latest} is there; this is ${current}.\n  Next: ${style.bold(`npm install -g ${PACKAGE}@${latest}`)}\n`
    },
  }
}
