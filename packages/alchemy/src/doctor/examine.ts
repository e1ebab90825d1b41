import { CLIError } from "../errors.ts"
import { codeIn } from "../network/network-failure.ts"
import { redact } from "../output/mask.ts"
import { printable } from "../output/printable.ts"
import { type Check, type Finding, NotLookedAt, type Verdict } from "./check.ts"
import { browser } from "./checks/browser.ts"
import { callbackPort } from "./checks/callback-port.ts"
import { certificates } from "./checks/certificates.ts"
import { clock } from "./checks/clock.ts"
import { configFile } from "./checks/config-file.ts"
import { configLeftovers } from "./checks/config-leftovers.ts"
import { credentialStore } from "./checks/credential-store.ts"
import { environment } from "./checks/environment.ts"
import { localhost, loopback } from "./checks/loopback.ts"
import { pendingSignOuts, unfinishedSignIns } from "./checks/pending.ts"
import { directoryFile, profile } from "./checks/profile.ts"
import { proxy } from "./checks/proxy.ts"
import { adminApi, authServer } from "./checks/servers.ts"
import { settings } from "./checks/settings.ts"
import { signIn } from "./checks/sign-in.ts"
import { versions } from "./checks/versions.ts"
import type { Patient } from "./patient.ts"
import { within } from "./reach.ts"

/** One check as it is reported. */
export type CheckReport = {
  id: string
  title: string
  lookedAt: string
  found: string
  verdict: Verdict
  todo?: string
  fixed?: string
  /** Whether `--fix` can do something about it. Not part of the JSON. */
  fixable: boolean
}

/** How long one check may take, in milliseconds, its mending included. All but the first two run at the same time. */
const LIMIT_MS = 4200

/** Looked at before anything opens the config file, which mends it. */
const FIRST: readonly Check[] = [configFile, configLeftovers]
const REST: readonly Check[] = [
  directoryFile,
  profile,
  settings,
  environment,
  credentialStore,
  signIn,
  pendingSignOuts,
  unfinishedSignIns,
  browser,
  callbackPort,
  loopback,
  localhost,
  proxy,
  certificates,
  authServer,
  adminApi,
  clock,
  versions,
]

/**
 * Runs all checks and never throws for what one of them meets.
 * @param options.fix mends what can be mended safely
 * @param onProgress is told how many are done, of how many
 */
export async function examine(
  patient: Patient,
  options: { fix: boolean },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<CheckReport[]> {
  const rest = REST.filter((check) => !(patient.offline && check.asksServers))
  const total = FIRST.length + rest.length
  let done = 0
  const report = async (check: Check) => {
    const { fixable, ...texts } = await withinLimit(check, patient, options.fix)
    onProgress(++done, total)
    return { ...cleaned(texts, patient), fixable }
  }
  const reports: CheckReport[] = []
  for (const check of FIRST) reports.push(await report(check))
  return [...reports, ...(await Promise.all(rest.map(report)))]
}

async function withinLimit(check: Check, patient: Patient, fix: boolean): Promise<CheckReport> {
  const limit = AbortSignal.any([patient.probes.limit(LIMIT_MS), patient.context.signal])
  const looked = lookAndMend(check, patient, fix)
  return within(limit, looked).catch(() =>
    reportOf(check, { ...unknownOf(check), found: `not done within ${LIMIT_MS / 1000} s` }),
  )
}

async function lookAndMend(check: Check, patient: Patient, fix: boolean): Promise<CheckReport> {
  const first = await look(check, patient)
  if (!fix || first.fix === undefined) return reportOf(check, first)
  try {
    const mended = await first.fix()
    const after = await look(check, patient)
    return reportOf(check, { ...after, fixed: [first.fixed, mended].filter(Boolean).join("; ") || undefined })
  } catch (error) {
    const why = error instanceof CLIError ? error.message : codeIn(error) || "unknown reason"
    return reportOf(check, { ...first, todo: `It could not be mended: ${why}` })
  }
}

async function look(check: Check, patient: Patient): Promise<Finding> {
  try {
    return await check.look(patient)
  } catch (error) {
    const unknown = unknownOf(check)
    if (error instanceof NotLookedAt)
      return { ...unknown, found: `not looked at: ${error.message}`, verdict: "note" }
    if (error instanceof CLIError) {
      return { ...unknown, found: error.message.replace(/\.$/, ""), todo: error.hint }
    }
    return { ...unknown, found: `it could not be looked at (${codeIn(error) || "unknown reason"})` }
  }
}

function unknownOf(check: Check): Finding {
  return { lookedAt: check.title, found: "", verdict: "problem" }
}

function reportOf({ id, title }: Check, finding: Finding): CheckReport {
  const { lookedAt, found, verdict, todo, fixed, fix } = finding
  return {
    id,
    title,
    lookedAt,
    found,
    verdict,
    ...(todo === undefined || todo === "" ? {} : { todo }),
    ...(fixed === undefined ? {} : { fixed }),
    fixable: fix !== undefined,
  }
}

type Texts = Omit<CheckReport, "fixable">

/** Nothing from a file, a server or the environment is shown raw, and nothing secret at all. */
function cleaned(report: Texts, { context }: Patient): Texts {
  const { env, flags } = context
  const secrets = [env.ALCHEMY_AUTH_TOKEN?.trim(), env.ALCHEMY_ACCESS_KEY?.trim(), flags.accessKey]
  const clean = (text: string) => redact(printable(text, 1000), secrets)
  const { lookedAt, found, todo, fixed } = report
  return {
    ...report,
    lookedAt: clean(lookedAt),
    found: clean(found),
    ...(todo === undefined ? {} : { todo: clean(todo) }),
    ...(fixed === undefined ? {} : { fixed: clean(fixed) }),
  }
}
