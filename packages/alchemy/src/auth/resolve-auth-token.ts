import type { CommandContext } from "../command.ts"
import { sameServer } from "../config/server-urls.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"

/** A token and where it came from. */
export type ResolvedToken = {
  token: string
  origin: "environment" | "config file"
  /** UTC, ISO 8601; `null` where it is not known. */
  expiresAt: string | null
  /** The auth URL it was issued at; `null` where it is not known. */
  server: string | null
  /** By the local record; `false` where the expiry is not known. */
  expired: boolean
}

/** Whether a moment (ISO 8601, or `null` for never) has come. */
export function hasPassed(expiresAt: string | null, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now
}

/**
 * The token for the configured server: `ALCHEMY_AUTH_TOKEN`, else the stored one; `null` where there is none.
 * @throws CLIError `AUTH_REQUIRED` where the stored token belongs to another server, `CREDENTIAL_STORE_ERROR`
 */
export async function resolveAuthToken(
  settings: Pick<Settings, "authUrl">,
  context: Pick<CommandContext, "env" | "now" | "config">,
): Promise<ResolvedToken | null> {
  const token = context.env.ALCHEMY_AUTH_TOKEN
  if (token) {
    return { token: token.trim(), origin: "environment", expiresAt: null, server: null, expired: false }
  }
  const stored = await (await context.config()).store.load()
  if (stored === null) return null
  if (stored.server !== null && !sameServer(stored.server, settings.authUrl)) {
    throw new CLIError(
      "AUTH_REQUIRED",
      `The stored sign-in belongs to ${stored.server}, but ${settings.authUrl} is configured.`,
      { hint: `Run \`alchemy auth login\` to sign in at ${settings.authUrl}.` },
    )
  }
  return { ...stored, origin: "config file", expired: hasPassed(stored.expiresAt, context.now()) }
}

/** @throws CLIError `AUTH_REQUIRED` where there is no token, or it has expired; else as `resolveAuthToken` */
export async function requireAuthToken(
  settings: Pick<Settings, "authUrl">,
  context: Pick<CommandContext, "env" | "now" | "config">,
): Promise<ResolvedToken> {
  const resolved = await resolveAuthToken(settings, context)
  if (resolved === null) {
    throw new CLIError("AUTH_REQUIRED", "You are not signed in.", {
      hint: "Run `alchemy auth` to sign in, or set ALCHEMY_ACCESS_KEY.",
    })
  }
  if (resolved.expired) {
    throw new CLIError("AUTH_REQUIRED", "The sign-in has expired.", {
      hint: "Run `alchemy auth` to sign in again.",
    })
  }
  return resolved
}
