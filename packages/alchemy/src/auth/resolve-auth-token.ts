import type { CommandContext } from "../command.ts"
import { sameServer } from "../config/server-urls.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"

/** A token and where it came from. */
export type ResolvedToken = {
  token: string
  origin: "environment" | "config file" | "keychain"
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

/** What people are told of where a stored token came from. */
export function originOf(keeper: "keychain" | "file"): "keychain" | "config file" {
  return keeper === "file" ? "config file" : keeper
}

/**
 * The token for the configured server: `ALCHEMY_AUTH_TOKEN`, else the stored one; `null` where there is none.
 * @throws CLIError `AUTH_REQUIRED` where the stored token belongs to another server, `CREDENTIAL_STORE_ERROR`
 */
export async function resolveAuthToken(
  settings: Pick<Settings, "authUrl">,
  context: Pick<CommandContext, "env" | "serverNow" | "config">,
): Promise<ResolvedToken | null> {
  const token = context.env.ALCHEMY_AUTH_TOKEN
  if (token) {
    return { token: token.trim(), origin: "environment", expiresAt: null, server: null, expired: false }
  }
  const config = await context.config()
  const signIn = await config.store.signIn()
  if (signIn === null) return null
  const { server, expiresAt, keptIn } = signIn
  if (server !== null && !sameServer(server, settings.authUrl)) {
    throw new CLIError(
      "AUTH_REQUIRED",
      `The stored sign-in belongs to ${server}, but ${settings.authUrl} is configured.`,
      { hint: `Run \`alchemy auth login\` to sign in at ${settings.authUrl}.` },
    )
  }
  const stored = await config.loadCredential()
  if (stored === null) return null
  return { ...stored, origin: originOf(keptIn), expired: hasPassed(expiresAt, context.serverNow()) }
}

/** @throws CLIError `AUTH_REQUIRED` where there is no token, or it has expired; else as `resolveAuthToken` */
export async function requireAuthToken(
  settings: Pick<Settings, "authUrl">,
  context: Pick<CommandContext, "env" | "serverNow" | "config">,
): Promise<ResolvedToken> {
  const resolved = await resolveAuthToken(settings, context)
  if (resolved !== null && !resolved.expired) return resolved
  const { profile } = await context.config()
  const named = profile.name === "default" ? "" : ` --profile ${profile.name}`
  if (resolved === null) {
    const where = named === "" ? "" : ` with the profile ${profile.name} (${profile.origin})`
    throw new CLIError("AUTH_REQUIRED", `You are not signed in${where}.`, {
      hint: `Run \`alchemy auth${named}\` to sign in, or set ALCHEMY_ACCESS_KEY.`,
    })
  }
  throw new CLIError("AUTH_REQUIRED", "The sign-in has expired.", {
    hint: `Run \`alchemy auth${named}\` to sign in again.`,
  })
}
