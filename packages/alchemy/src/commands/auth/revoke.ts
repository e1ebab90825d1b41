import { endSession, type LogoutOutcome } from "@authchemy/cli-sign-in"
import { type CredentialStore, digestOf } from "@authchemy/cli-sign-in/credentials"
import { revocationHandleOf } from "@authchemy/protocol"
import type { Command, CommandContext, Result } from "../../command.ts"
import type { ConfigFile } from "../../config/file.ts"
import { resolveSettings, type Settings } from "../../config/settings.ts"
import { CLIError, EXIT_CODES } from "../../errors.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import { readStdin } from "../../output/stdin.ts"
import type { Style } from "../../output/style.ts"

const MOST_TOKENS = 100
const MOST_BYTES = MOST_TOKENS * 1024
const AT_ONCE = 4
/** The most that the server is waited for with each token, in milliseconds. */
const TIMEOUT_MS = 2500

export const command: Command<Record<never, never>> = { parse: () => ({}), run: revokeRun }

/** What became of one token. `failed`: nobody was told, and nothing is kept; `access_key`: it is no token of a sign-in. */
type Revoked = {
  token: string
  server: "revoked" | "already_ended" | "pending" | "failed" | "access_key"
  /** Where it was to be ended. */
  at: string
  reason?: string
  /** It was stored here, and has been erased. */
  cleared: boolean
}

/**
 * Ends the tokens that stand on stdin, one a line, whoever's they are. Nobody has to be signed in for it. What does not reach the server is
 * kept as a revocation handle and tried again, as a sign-out is.
 */
export async function revokeRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const tokens = tokensIn(await readStdin(context, { what: "The token", mostBytes: MOST_BYTES }))
  const config = await context.config()
  const settings = resolveSettings(await config.values(), context)
  const revoked = await context.report.working("sessions to end", (update) =>
    revokeAll(tokens, (token) => revoke(token, settings, config, context), update),
  )
  const [only] = revoked
  if (only !== undefined && revoked.length === 1) requireEndable(only)
  if (revoked.some(({ server }) => server === "pending")) context.runDetached(["auth", "deliver"])
  const { ALCHEMY_AUTH_TOKEN: fromEnvironment = "" } = context.env
  const warnings = tokens.includes(fromEnvironment.trim())
    ? ["ALCHEMY_AUTH_TOKEN is set to one of them and was left alone; unset it."]
    : []
  return {
    data: { tokens: revoked.map(shownRevoked), ...(warnings.length === 0 ? {} : { warnings }) },
    text: (style) =>
      [
        ...revoked.map((one) => revokedText(one, style)),
        ...warnings.map((warning) => `${style.yellow("!")} ${warning}\n`),
      ].join(""),
    sentenceOnly: warnings.length === 0 && revoked.every(({ server }) => isOver(server)),
    exitCode: exitCodeOf(revoked),
  }
}

/** @throws CLIError `INVALID_ARGS`, which shows nothing of what was read */
function tokensIn(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const wrong = lines.findIndex((line) => line !== "" && !/^[\x21-\x7e]{8,1024}$/.test(line))
  if (wrong !== -1) {
    throw new CLIError("INVALID_ARGS", `Line ${wrong + 1} on stdin is no token; nothing was sent.`, {
      hint: "Give the tokens one a line, and nothing else.",
    })
  }
  const tokens = [...new Set(lines.filter((line) => line !== ""))]
  if (tokens.length === 0) {
    throw new CLIError("INVALID_ARGS", "There is no token on stdin.", {
      hint: "For example: alchemy auth revoke < leaked.txt",
    })
  }
  if (tokens.length > MOST_TOKENS) {
    throw new CLIError(
      "INVALID_ARGS",
      `There are more than ${MOST_TOKENS} tokens on stdin; nothing was sent.`,
    )
  }
  return tokens
}

/** A few at a time, in the order in which they were given. */
async function revokeAll(
  tokens: readonly string[],
  revokeOne: (token: string) => Promise<Revoked>,
  update: (done: number, total?: number) => void,
): Promise<Revoked[]> {
  const revoked: Revoked[] = []
  let done = 0
  const waiting = tokens.entries()
  const work = async () => {
    for (const [index, token] of waiting) {
      revoked[index] = await revokeOne(token)
      done++
      if (tokens.length > 1) update(done, tokens.length)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return revoked
}

async function revoke(
  token: string,
  settings: Settings,
  config: ConfigFile,
  { fetch, now, flags, signal }: CommandContext,
): Promise<Revoked> {
  if (signal.aborted) throw new CLIError("INTERRUPTED", "Interrupted.")
  const stored = await storedHere(token, config)
  const server = stored?.server ?? settings.authUrl
  if (token.startsWith("alchemy_ak_")) return { token, server: "access_key", at: server, cleared: false }
  // The digest of anything but an access token is no session's.
  const handle = token.startsWith("alchemy_at_") ? revocationHandleOf(token) : null
  const outcome = await endSession({
    store: config.store,
    session: { token, handle, server, expiresAt: stored?.expiresAt ?? null },
    authUrl: server,
    timeoutMs: Math.min(flags.timeoutMs ?? TIMEOUT_MS, TIMEOUT_MS),
    fetch,
    now,
  })
  const became = whatBecame(outcome, handle !== null)
  const cleared = stored !== null && became.server !== "failed"
  if (cleared) await stored.store.clear(digestOf(token))
  return { token, at: server, cleared, ...became }
}

/** The profile's store that holds a token, and what it knows of it. */
async function storedHere(
  token: string,
  config: ConfigFile,
): Promise<{ store: CredentialStore; server: string | null; expiresAt: string | null } | null> {
  const digest = digestOf(token)
  for (const { store } of await config.profiles()) {
    const signIn = await store.signIn()
    if (signIn?.digest === digest) return { store, server: signIn.server, expiresAt: signIn.expiresAt }
  }
  return null
}

function whatBecame(outcome: LogoutOutcome, isKept: boolean): Pick<Revoked, "server" | "reason"> {
  if (outcome.server === "pending") return { server: isKept ? "pending" : "failed", reason: outcome.reason }
  return { server: outcome.server === "none" ? "already_ended" : outcome.server }
}

/** @throws CLIError where a single token could not be ended, and will not be */
function requireEndable({ server, at, reason = "" }: Revoked): void {
  if (server === "access_key") {
    throw new CLIError("INVALID_ARGS", "This is an access key, which only its account can delete.", {
      hint: "`alchemy access-keys list` shows the account's keys; `alchemy access-keys delete <id>` ends one.",
    })
  }
  if (server === "failed") {
    throw new CLIError("NETWORK_ERROR", `${at} did not confirm that the token has ended: ${reason}.`, {
      hint: "Try again when the server can be reached.",
    })
  }
}

function isOver(server: Revoked["server"]): boolean {
  return server === "revoked" || server === "already_ended"
}

function exitCodeOf(revoked: readonly Revoked[]): number {
  if (revoked.some(({ server }) => server === "failed")) return EXIT_CODES.NETWORK_ERROR
  return revoked.some(({ server }) => server === "access_key") ? EXIT_CODES.INVALID_ARGS : 0
}

function shownRevoked({ token, server, reason, cleared }: Revoked) {
  return {
    token: maskSecret(token),
    server,
    ...(reason === undefined ? {} : { reason: printable(reason) }),
    cleared,
  }
}

function revokedText({ token, server, at, reason = "", cleared }: Revoked, style: Style): string {
  const sentences: Readonly<Record<Revoked["server"], string>> = {
    revoked: "has ended on the server.",
    already_ended: "is unknown to the server, has expired or had already ended.",
    pending: `could not be ended yet (${printable(reason)}); it will be as soon as ${printable(at)} can be reached. Until then it is still good.`,
    failed: `was not ended (${printable(reason)}), and nothing is kept for a later try: run this again.`,
    access_key: "is an access key: its account ends it with `alchemy access-keys delete <id>`.",
  }
  const mark = isOver(server) ? style.green("✓") : style.yellow("!")
  const here = cleared ? " It was stored here and has been erased." : ""
  return `${mark} ${maskSecret(token)} ${sentences[server]}${here}\n`
}
