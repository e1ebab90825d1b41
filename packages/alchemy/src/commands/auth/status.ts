import type { Credential, PendingRevocation } from "@authchemy/cli-sign-in"
import type { AccountSummary } from "@authchemy/protocol"
import { hasPassed } from "../../auth/resolve-auth-token.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { sameServer } from "../../config/server-urls.ts"
import { resolveSettings, type Settings } from "../../config/settings.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { fields } from "../../output/table.ts"
import { moment, span } from "../../output/time.ts"

const SEVEN_DAYS_MS = 7 * 86_400_000

export type StatusOptions = { offline: boolean }

export type SignInState = "active" | "expired" | "revoked" | "unverified" | "none"

/** What `auth status` reports; `token` is masked unless `--reveal`. */
export type StatusReport = {
  state: SignInState
  account?: AccountSummary
  machine: string
  token: string | null
  origin: "environment" | "config file" | null
  storedIn: string | null
  expiresAt: string | null
  server: string
  serverSays: string
  pendingRevocations: { server: string; since: string }[]
  warnings: string[]
}

export const command: Command<StatusOptions> = {
  parse: (_operands, raw) => ({ offline: raw.offline === true }),
  run: statusRun,
}

/** Who is signed in, until when, and what the server says of it. Exit 0 for `active` and `unverified`, else 3. */
export async function statusRun(options: StatusOptions, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const settings = resolveSettings(await config.json.read(), context)
  const pending = await config.store.pendingRevocations()
  const report = await statusReport(options, settings, await config.store.load(), pending, context)
  return {
    data: report,
    text: (style) => statusText(report, config.store.description, style, context.now()),
    exitCode: report.state === "active" || report.state === "unverified" ? 0 : 3,
  }
}

async function statusReport(
  options: StatusOptions,
  settings: Settings,
  stored: Credential | null,
  pending: readonly PendingRevocation[],
  context: CommandContext,
): Promise<StatusReport> {
  const { env, flags, now, hostname } = context
  const warnings: string[] = []
  if (settings.accessKey !== null) {
    warnings.push(`An access key is set (${settings.accessKey.origin}); commands use it before the sign-in.`)
  }
  const environment = env.ALCHEMY_AUTH_TOKEN?.trim()
  if (environment && stored !== null) {
    warnings.push("ALCHEMY_AUTH_TOKEN is set; commands use it before the stored sign-in.")
  }
  const credential = environment ? { token: environment, expiresAt: null, server: null } : stored
  const base = {
    machine: hostname,
    token: credential === null ? null : flags.reveal ? credential.token : maskSecret(credential.token),
    origin: credential === null ? null : environment ? ("environment" as const) : ("config file" as const),
    storedIn: credential === null || environment ? null : (await context.config()).path,
    expiresAt: credential?.expiresAt ?? null,
    server: credential?.server ?? settings.authUrl,
    pendingRevocations: pending.map(({ server, since }) => ({ server, since })),
    warnings,
  }
  if (credential === null) return { state: "none", ...base, serverSays: "not asked" }
  if (credential.server !== null && !sameServer(credential.server, settings.authUrl)) {
    warnings.push(
      `The stored sign-in belongs to ${credential.server}, but ${settings.authUrl} is configured.`,
    )
    return { state: "none", ...base, serverSays: "not asked: it belongs to another server" }
  }
  if (hasPassed(credential.expiresAt, now()))
    return { state: "expired", ...base, serverSays: "not asked: expired" }
  if (credential.expiresAt !== null) {
    const left = Date.parse(credential.expiresAt) - now()
    if (left < SEVEN_DAYS_MS) {
      warnings.push(`The sign-in ends in ${span(left)}. \`alchemy auth login --force\` renews it.`)
    }
  }
  if (options.offline) return { state: "unverified", ...base, serverSays: "not asked" }

  const { ASK_TIMEOUT_MS, askServer } = await import("../../auth/ask-server.ts")
  const answer = await askServer(
    { token: credential.token, origin: base.origin ?? "", timeoutMs: flags.timeoutMs ?? ASK_TIMEOUT_MS },
    settings,
    context,
  )
  if (answer.says === "refused") return { state: "revoked", ...base, serverSays: "refused" }
  if (answer.says === "unknown")
    return { state: "unverified", ...base, serverSays: `not known: ${answer.reason}` }
  const used = answer.me.credential
  return {
    state: "active",
    account: answer.me.account,
    ...base,
    ...(used.type === "session" ? { machine: used.session.device.name || hostname } : {}),
    expiresAt: used.type === "session" ? used.session.expiresAt : base.expiresAt,
    serverSays: "accepted",
  }
}

const HEADLINES: Readonly<Record<SignInState, string>> = {
  active: "Signed in",
  unverified: "Signed in, by the local record",
  expired: "The sign-in has expired",
  revoked: "The session has been ended on the server",
  none: "Not signed in",
}

function statusText(report: StatusReport, description: string, style: Style, now: number): string {
  const good = report.state === "active" || report.state === "unverified"
  const who = report.account === undefined ? "" : ` as ${style.bold(printable(report.account.email))}`
  const { pendingRevocations: pending } = report
  const lines = [
    `${good ? style.green("✓") : style.red("✗")} ${HEADLINES[report.state]}${who}.\n`,
    fields(
      [
        ["state", report.state],
        ["machine", report.token === null ? undefined : report.machine],
        ["token", report.token ?? undefined],
        [
          "from",
          report.origin === null
            ? undefined
            : report.origin === "environment"
              ? "environment (ALCHEMY_AUTH_TOKEN)"
              : description,
        ],
        ["until", report.expiresAt === null ? undefined : moment(report.expiresAt, now)],
        ["server", report.server],
        ["server says", report.serverSays],
        [
          "pending",
          pending.length === 0
            ? undefined
            : pending
                .map(({ server, since }) => `sign-out at ${server} since ${moment(since, now)}`)
                .join("; "),
        ],
      ],
      style,
    ),
    ...report.warnings.map((warning) => `${style.yellow("!")} ${printable(warning)}\n`),
    good ? "" : `  Next: ${style.bold("alchemy auth login")}\n`,
  ]
  return lines.join("")
}
