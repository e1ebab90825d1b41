import type { SignInState, StatusReport } from "../commands/auth/status.ts"
import type { ConfigFile } from "../config/file.ts"
import { profileForPeople } from "../config/profile.ts"
import { printable } from "../output/printable.ts"
import type { Style } from "../output/style.ts"
import { fields, table } from "../output/table.ts"
import { moment } from "../output/time.ts"

/** `who`: ` as ada@example.com`, or nothing where it is not known. */
const HEADLINES: Readonly<Record<SignInState, (who: string) => string>> = {
  active: (who) => `Signed in${who}.`,
  unverified: (who) => `Signed in${who}, by the local record.`,
  expired: (who) => `The sign-in${who} has expired.`,
  revoked: (who) => `The session${who} has been ended on the server.`,
  locked: (who) => `There is a sign-in${who}, but it cannot be read.`,
  none: () => "Not signed in.",
}

const IN_A_WORD: Readonly<Record<SignInState, string>> = {
  active: "yes",
  unverified: "yes",
  expired: "expired",
  revoked: "revoked",
  locked: "locked",
  none: "no",
}

/** What `auth status` says to a person. */
export function statusText(report: StatusReport, config: ConfigFile, style: Style, now: number): string {
  const good = report.state === "active" || report.state === "unverified"
  const who = report.account === undefined ? "" : ` as ${style.bold(printable(report.account.email))}`
  const { pendingRevocations, unfinishedSignIns, origin } = report
  const from =
    origin === null
      ? undefined
      : origin === "environment"
        ? "environment (ALCHEMY_AUTH_TOKEN)"
        : config.store.descriptionOf(origin === "keychain" ? "keychain" : "file")
  const several = report.profiles.length > 1 || report.profileOrigin !== "default"
  const lines = [
    `${good ? style.green("✓") : style.red("✗")} ${HEADLINES[report.state](who)}\n`,
    fields(
      [
        ["state", report.state],
        [
          "profile",
          several ? profileForPeople({ name: report.profile, origin: report.profileOrigin }) : undefined,
        ],
        ["machine", origin === null ? undefined : report.machine],
        ["token", report.token ?? undefined],
        ["from", from],
        ["until", report.expiresAt === null ? undefined : moment(report.expiresAt, now)],
        ["server", report.server],
        ["server says", report.serverSays],
        ...pendingRevocations.map(
          ({ server, since }) => ["pending", `sign-out at ${server} since ${moment(since, now)}`] as const,
        ),
        ...unfinishedSignIns.map((one) => ["unfinished", unfinishedText(one, now)] as const),
      ],
      style,
    ),
    ...report.warnings.map((warning) => `${style.yellow("!")} ${printable(warning)}\n`),
    good || report.state === "locked"
      ? ""
      : `  Next: ${style.bold(`alchemy auth login${profileFlag(report)}`)}\n`,
    report.profiles.length > 1 ? `\n${profilesText(report, style)}` : "",
  ]
  return lines.join("")
}

function profileFlag({ profile, profileOrigin }: StatusReport): string {
  return profileOrigin === "--profile" ? ` --profile ${profile}` : ""
}

function unfinishedText(one: StatusReport["unfinishedSignIns"][number], now: number): string {
  const what = `sign-in at ${one.server} since ${moment(one.since, now)}`
  if (one.state === "open") return `${what}: alchemy auth login --complete ${one.handle}`
  if (one.state === "ending") return `${what} was cut off; what is left of it is being ended`
  return `${what} was cut off; whether a session is left shows at ${one.server}/sessions`
}

function profilesText(report: StatusReport, style: Style): string {
  return table(
    ["PROFILE", "ACCOUNT", "SERVER", "SIGN-IN"],
    report.profiles.map(({ name, current, account, server, state }) => [
      current ? `${name} *` : name,
      account ?? "-",
      server ?? "-",
      // Of the current one more may be known than the local record says.
      current && report.origin !== "environment" ? IN_A_WORD[report.state] : IN_A_WORD[state],
    ]),
    style,
  )
}
