import type { PendingRevocation, StoredSignIn, UnfinishedSignIn } from "@authchemy/cli-sign-in/credentials"
import type { AccountSummary } from "@authchemy/protocol"
import { hasPassed, originOf } from "../../auth/resolve-auth-token.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import type { ConfigFile } from "../../config/file.ts"
import { sameServer } from "../../config/server-urls.ts"
import { resolveSettings, type Settings } from "../../config/settings.ts"
import { CLIError } from "../../errors.ts"
import { maskSecret } from "../../output/mask.ts"
import { span } from "../../output/time.ts"

const SEVEN_DAYS_MS = 7 * 86_400_000

export type StatusOptions = { offline: boolean }

/** `locked`: the credential store cannot be read. */
export type SignInState = "active" | "expired" | "revoked" | "unverified" | "locked" | "none"

/** One profile, by the local record. */
export type ProfileSummary = {
  name: string
  current: boolean
  account: string | null
  server: string | null
  expiresAt: string | null
  state: "expired" | "unverified" | "none"
}

/** What `auth status` reports; `token` is masked unless `--reveal`. */
export type StatusReport = {
  state: SignInState
  account?: AccountSummary
  profile: string
  profileOrigin: string
  machine: string
  token: string | null
  origin: "environment" | "config file" | "keychain" | null
  storedIn: string | null
  expiresAt: string | null
  server: string
  serverSays: string
  pendingRevocations: { server: string; since: string }[]
  /** Sign-ins that were cut off. `open`: begun with `--no-interactive`; `ending`: its session is being ended; `lost`: too late to tell. */
  unfinishedSignIns: { server: string; since: string; state: "open" | "ending" | "lost"; handle?: string }[]
  profiles: ProfileSummary[]
  warnings: string[]
}

export const command: Command<StatusOptions> = {
  parse: (_operands, raw) => ({ offline: raw.offline === true }),
  run: statusRun,
}

/** Who is signed in, until when, and what the server says of it. Exit 0 for `active` and `unverified`, else 3. */
export async function statusRun(options: StatusOptions, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const settings = resolveSettings(await config.values(), context)
  const report = await statusReport(options, settings, config, context)
  const { statusText } = context.flags.json ? {} : await import("../../auth/status-text.ts")
  return {
    data: report,
    text: (style) => statusText?.(report, config, style, context.serverNow()) ?? "",
    exitCode: report.state === "active" || report.state === "unverified" ? 0 : 3,
  }
}

async function statusReport(
  options: StatusOptions,
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<StatusReport> {
  const { env, flags, serverNow: now, hostname } = context
  const { store, profile } = config
  const stored = await store.signIn()
  const warnings: string[] = []
  if (settings.accessKey !== null) {
    warnings.push(`An access key is set (${settings.accessKey.origin}); commands use it before the sign-in.`)
  }
  const environment = env.ALCHEMY_AUTH_TOKEN?.trim()
  if (environment && stored !== null) {
    warnings.push("ALCHEMY_AUTH_TOKEN is set; commands use it before the stored sign-in.")
  }
  const signIn = environment ? { expiresAt: null, server: null, account: null } : stored
  const secret = environment ? { token: environment } : await tokenOf(stored, config)
  const shown = secret.token === null ? null : flags.reveal ? secret.token : maskSecret(secret.token)
  const base = {
    ...(signIn?.account ? { account: signIn.account } : {}),
    profile: profile.name,
    profileOrigin: profile.origin,
    machine: hostname,
    token: shown,
    origin: environment ? ("environment" as const) : stored === null ? null : originOf(stored.keptIn),
    storedIn:
      stored === null || environment
        ? null
        : stored.keptIn === "file"
          ? config.path
          : store.descriptionOf("keychain"),
    expiresAt: signIn?.expiresAt ?? null,
    server: signIn?.server ?? settings.authUrl,
    pendingRevocations: (await store.pendingRevocations()).map(({ server, since }: PendingRevocation) => ({
      server,
      since,
    })),
    unfinishedSignIns: (await store.unfinishedSignIns()).map(unfinishedOf),
    profiles: await profileSummaries(config, now()),
    warnings,
  }
  if (signIn === null) return { state: "none", ...base, serverSays: "not asked" }
  if (signIn.server !== null && !sameServer(signIn.server, settings.authUrl)) {
    warnings.push(`The stored sign-in belongs to ${signIn.server}, but ${settings.authUrl} is configured.`)
    return { state: "none", ...base, serverSays: "not asked: it belongs to another server" }
  }
  if (hasPassed(signIn.expiresAt, now()))
    return { state: "expired", ...base, serverSays: "not asked: expired" }
  if (secret.token === null) {
    warnings.push(secret.problem)
    return { state: "locked", ...base, serverSays: "not asked" }
  }
  if (signIn.expiresAt !== null) {
    const left = Date.parse(signIn.expiresAt) - now()
    if (left < SEVEN_DAYS_MS) {
      warnings.push(`The sign-in ends in ${span(left)}. \`alchemy auth login --force\` renews it.`)
    }
  }
  if (options.offline) return { state: "unverified", ...base, serverSays: "not asked" }

  const { ASK_TIMEOUT_MS, askServer } = await import("../../auth/ask-server.ts")
  const answer = await askServer(
    { token: secret.token, origin: base.origin ?? "", timeoutMs: flags.timeoutMs ?? ASK_TIMEOUT_MS },
    settings,
    context,
  )
  if (answer.says === "refused") return { state: "revoked", ...base, serverSays: "refused" }
  if (answer.says === "unknown")
    return { state: "unverified", ...base, serverSays: `not known: ${answer.reason}` }
  const used = answer.me.credential
  return {
    state: "active",
    ...base,
    account: answer.me.account,
    ...(used.type === "session" ? { machine: used.session.device.name || hostname } : {}),
    expiresAt: used.type === "session" ? used.session.expiresAt : base.expiresAt,
    serverSays: "accepted",
  }
}

async function tokenOf(
  stored: StoredSignIn | null,
  config: ConfigFile,
): Promise<{ token: string } | { token: null; problem: string }> {
  if (stored === null) return { token: null, problem: "" }
  try {
    const token = (await config.loadCredential())?.token
    return token === undefined ? { token: null, problem: "" } : { token }
  } catch (error) {
    if (!(error instanceof CLIError) || stored.keptIn === "file") throw error
    return { token: null, problem: `${error.message} ${error.hint ?? ""}`.trim() }
  }
}

function unfinishedOf(one: UnfinishedSignIn): StatusReport["unfinishedSignIns"][number] {
  const { server, since, id } = one
  if (one.lost) return { server, since, state: "lost" }
  if (one.kind === "device" && one.handedOut !== undefined)
    return { server, since, state: "open", handle: id }
  return { server, since, state: "ending" }
}

/** Every profile by the local record, where there are several. */
async function profileSummaries(config: ConfigFile, now: number): Promise<ProfileSummary[]> {
  const profiles = await config.profiles()
  if (profiles.length < 2) return []
  return Promise.all(
    profiles.map(async ({ name, store }) => {
      const signIn = await store.signIn()
      const { account = null, server = null, expiresAt = null } = signIn ?? {}
      const state = signIn === null ? "none" : hasPassed(expiresAt, now) ? "expired" : "unverified"
      const current = name === config.profile.name
      return { name, current, account: account?.email ?? null, server, expiresAt, state }
    }),
  )
}
