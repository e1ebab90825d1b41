import { hasPassed, originOf } from "../../auth/resolve-auth-token.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import type { ConfigFile } from "../../config/file.ts"
import { DEFAULT_PROFILE, type Profile, profileForPeople, profileNamings } from "../../config/profile.ts"
import { sameServer } from "../../config/server-urls.ts"
import { accessKeys, resolveSettings, type Settings } from "../../config/settings.ts"
import { CLIError } from "../../errors.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { fields } from "../../output/table.ts"

/** One credential that is set on this machine. */
type FoundCredential = {
  kind: "access-key" | "auth-token"
  /** `--access-key`, `ALCHEMY_ACCESS_KEY`, `ALCHEMY_AUTH_TOKEN`, `config file` or `keychain`. */
  origin: string
  /** Masked unless `--reveal`; `null` where it was not read. */
  secret: string | null
  account?: string
  /** Why commands cannot use it, by what is known here. */
  problem?: string
}

type WhyReport = {
  /** What commands use; `null`: there is none. */
  credential: FoundCredential | null
  /** Credentials that are set too, and stand back. */
  shadows: FoundCredential[]
  profile: Profile & { shadows: Profile[] }
  authUrl: { value: string; origin: string }
  adminUrl: { value: string; origin: string }
}

export const command: Command<Record<never, never>> = { parse: () => ({}), run: whyRun }

/**
 * Which credential commands use, who named it, and what it shadows; the same of the profile and the servers. Asks no
 * server. Exit 3 where commands would have no credential to use.
 */
export async function whyRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const values = await config.values()
  const settings = resolveSettings(values, context)
  const [credential = null, ...shadows] = await credentials(values, settings, config, context)
  const report: WhyReport = {
    credential,
    shadows,
    profile: { ...config.profile, shadows: await shadowedProfiles(config, context) },
    authUrl: { value: settings.authUrl, origin: settings.origins.authUrl },
    adminUrl: { value: settings.adminUrl, origin: settings.origins.adminUrl },
  }
  return {
    data: report,
    text: (style) => whyText(report, config, style),
    exitCode: credential === null || credential.problem !== undefined ? 3 : 0,
  }
}

/** All that are set, what wins first. */
async function credentials(
  values: Readonly<Record<string, unknown>>,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<FoundCredential[]> {
  const shown = (secret: string) => (context.flags.reveal ? secret : maskSecret(secret))
  const found: FoundCredential[] = accessKeys(values, context).map(({ key, origin }) => ({
    kind: "access-key",
    origin,
    secret: shown(key),
  }))
  const environment = context.env.ALCHEMY_AUTH_TOKEN?.trim()
  if (environment) {
    found.push({ kind: "auth-token", origin: "ALCHEMY_AUTH_TOKEN", secret: shown(environment) })
  }
  const signIn = await config.store.signIn()
  if (signIn === null) return found
  const { account, server, expiresAt, keptIn } = signIn
  // A keychain may ask the person: it is left alone where nothing depends on it.
  const read =
    keptIn === "file" || found.length === 0 ? await tokenOf(config) : { token: null, problem: undefined }
  const problem =
    server !== null && !sameServer(server, settings.authUrl)
      ? `it belongs to ${server}`
      : hasPassed(expiresAt, context.serverNow())
        ? "it has expired"
        : read.problem
  found.push({
    kind: "auth-token",
    origin: originOf(keptIn),
    secret: read.token === null ? null : shown(read.token),
    ...(account === null ? {} : { account: account.email }),
    ...(problem === undefined ? {} : { problem }),
  })
  return found
}

async function tokenOf(config: ConfigFile): Promise<{ token: string | null; problem: string | undefined }> {
  try {
    return { token: (await config.loadCredential())?.token ?? null, problem: undefined }
  } catch (error) {
    if (!(error instanceof CLIError)) throw error
    return { token: null, problem: `it cannot be read: ${error.message}` }
  }
}

async function shadowedProfiles(config: ConfigFile, context: CommandContext): Promise<Profile[]> {
  const named: Profile[] = []
  try {
    for (const naming of profileNamings(await config.json.read(), context)) named.push(naming)
  } catch (error) {
    // A flag or a variable has named the profile, so the directory's file is of no account.
    if (!(error instanceof CLIError)) throw error
    context.report.warning(error.message)
  }
  const shadowed = named.slice(1)
  return named.length === 0 ? [] : [...shadowed, { name: DEFAULT_PROFILE, origin: "default" }]
}

function whyText(report: WhyReport, config: ConfigFile, style: Style): string {
  const { credential, shadows, profile, authUrl, adminUrl } = report
  const usable = credential !== null && credential.problem === undefined
  const next = profile.name === DEFAULT_PROFILE ? "alchemy auth" : `alchemy auth --profile ${profile.name}`
  return [
    `${usable ? style.green("✓") : style.red("✗")} ${headline(credential)}\n`,
    fields(
      [
        ["credential", credential === null ? "none" : describe(credential, config)],
        ...shadows.map((shadow) => ["instead of", describe(shadow, config)] as const),
        ["profile", profileForPeople(profile)],
        ...profile.shadows.map((shadow) => ["instead of", profileForPeople(shadow)] as const),
        ["auth server", `${authUrl.value} (${authUrl.origin})`],
        ["admin API", `${adminUrl.value} (${adminUrl.origin})`],
      ],
      style,
    ),
    usable ? "" : `  Next: ${style.bold(printable(next))}\n`,
  ].join("")
}

function headline(credential: FoundCredential | null): string {
  if (credential === null) return "Commands have no credential to use."
  const { kind, origin, account, problem } = credential
  const stored = origin === "keychain" || origin === "config file"
  const who = account === undefined ? "" : ` as ${printable(account)}`
  const what =
    kind === "access-key"
      ? `the access key (${origin})`
      : stored
        ? `the stored sign-in${who}`
        : `the token in ${origin}`
  return problem === undefined
    ? `Commands use ${what}.`
    : `Commands would use ${what}, but ${printable(problem)}.`
}

function describe({ kind, origin, secret, account }: FoundCredential, config: ConfigFile): string {
  const what = kind === "access-key" ? "access key" : account === undefined ? "token" : `token of ${account}`
  const from =
    kind === "auth-token" && origin === "keychain"
      ? config.store.descriptionOf("keychain")
      : origin === "config file"
        ? config.store.descriptionOf("file")
        : origin
  return `${what}${secret === null ? "" : ` ${secret}`}, from ${from}`
}
