import type { CommandContext } from "../command.ts"
import { parseServerUrl } from "./server-urls.ts"

const DEFAULT_AUTH_URL = "https://auth.alchemy.com"
const DEFAULT_ADMIN_URL = "https://admin-api.alchemy.com"

/** An access key, and who named it: `--access-key`, `ALCHEMY_ACCESS_KEY` or `config file`. */
export type NamedAccessKey = { readonly key: string; readonly origin: string }

/** What flags, environment and configuration file come to, in this order. */
export type Settings = {
  readonly authUrl: string
  readonly adminUrl: string
  /** Who named the URLs: a flag, a variable, `config file`, `default`, or for the admin API the `auth URL`. */
  readonly origins: { readonly authUrl: string; readonly adminUrl: string }
  readonly accessKey: NamedAccessKey | null
  readonly verbose: boolean
}

type Values = Readonly<Record<string, unknown>>
type Candidates = readonly (readonly [value: unknown, origin: string, name?: string])[]

/**
 * The settings of a command. `values` is what the configuration file says for its profile.
 * @throws CLIError `INVALID_ARGS` naming the flag, variable or key with a bad URL
 */
export function resolveSettings(values: Values, context: Pick<CommandContext, "env" | "flags">): Settings {
  const { env, flags } = context
  const auth = firstUrl([
    [flags.authUrl, "--auth-url"],
    [env.ALCHEMY_AUTH_URL, "ALCHEMY_AUTH_URL"],
    [values["auth-url"], "config file", "auth-url in the config file"],
  ]) ?? { url: DEFAULT_AUTH_URL, origin: "default" }
  const admin =
    firstUrl([
      [env.ALCHEMY_ADMIN_API_BASE_URL, "ALCHEMY_ADMIN_API_BASE_URL"],
      // The admin API in the file belongs to the auth server in the file, not to one that is named for this command.
      ...(auth.origin === "config file" || auth.origin === "default"
        ? [[values["admin-url"], "config file", "admin-url in the config file"] as const]
        : []),
    ]) ??
    // The token of a server of one's own must not go to the default one.
    (auth.url === DEFAULT_AUTH_URL
      ? { url: DEFAULT_ADMIN_URL, origin: "default" }
      : { url: new URL(auth.url).origin, origin: "auth URL" })
  return {
    authUrl: auth.url,
    adminUrl: admin.url,
    origins: { authUrl: auth.origin, adminUrl: admin.origin },
    accessKey: accessKeys(values, context)[0] ?? null,
    verbose: flags.verbose || flags.debug || values.verbose === true,
  }
}

/** The origins of the servers that are configured; none where their URLs are no good, which whoever needs them will say. */
export function serverOrigins(values: Values, context: Pick<CommandContext, "env" | "flags">): string[] {
  try {
    const { authUrl, adminUrl } = resolveSettings(values, context)
    return [new URL(authUrl).origin, new URL(adminUrl).origin]
  } catch {
    return []
  }
}

/** Every access key that is set, what wins first. */
export function accessKeys(
  values: Values,
  { env, flags }: Pick<CommandContext, "env" | "flags">,
): NamedAccessKey[] {
  const candidates: Candidates = [
    [flags.accessKey, "--access-key"],
    [env.ALCHEMY_ACCESS_KEY, "ALCHEMY_ACCESS_KEY"],
    [values["access-key"], "config file"],
  ]
  return candidates.flatMap(([key, origin]) => (isText(key) ? [{ key, origin }] : []))
}

function firstUrl(candidates: Candidates): { url: string; origin: string } | undefined {
  for (const [value, origin, name = origin] of candidates) {
    if (isText(value)) return { url: parseServerUrl(value, name), origin }
  }
  return undefined
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== ""
}
