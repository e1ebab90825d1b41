import type { CommandContext } from "../command.ts"
import { isLoopback, parseServerUrl } from "./server-urls.ts"

const DEFAULT_AUTH_URL = "https://auth.alchemy.com"
const DEFAULT_ADMIN_URL = "https://admin-api.alchemy.com"

/** What flags, environment and configuration file come to, in this order. */
export type Settings = {
  readonly authUrl: string
  readonly adminUrl: string
  readonly accessKey: { readonly key: string; readonly origin: string } | null
  readonly verbose: boolean
}

/**
 * The settings of a command. `values` is the content of the configuration file.
 * @throws CLIError `INVALID_ARGS` naming the flag, variable or key with a bad URL
 */
export function resolveSettings(
  values: Readonly<Record<string, unknown>>,
  context: Pick<CommandContext, "env" | "flags">,
): Settings {
  const { env, flags } = context
  const first = (candidates: readonly (readonly [unknown, string])[]) =>
    candidates.find(([value]) => typeof value === "string" && value !== "") as [string, string] | undefined
  const url = (candidates: readonly (readonly [unknown, string])[]) => {
    const found = first(candidates)
    return found === undefined ? undefined : parseServerUrl(...found)
  }
  const authUrl =
    url([
      [flags.authUrl, "--auth-url"],
      [env.ALCHEMY_AUTH_URL, "ALCHEMY_AUTH_URL"],
      [values["auth-url"], "auth-url in the config file"],
    ]) ?? DEFAULT_AUTH_URL
  const adminUrl =
    url([
      [env.ALCHEMY_ADMIN_API_BASE_URL, "ALCHEMY_ADMIN_API_BASE_URL"],
      [values["admin-url"], "admin-url in the config file"],
    ]) ?? (isLoopback(authUrl) ? new URL(authUrl).origin : DEFAULT_ADMIN_URL)
  const accessKey = first([
    [flags.accessKey, "--access-key"],
    [env.ALCHEMY_ACCESS_KEY, "ALCHEMY_ACCESS_KEY"],
    [values["access-key"], "config file"],
  ])
  return {
    authUrl,
    adminUrl,
    accessKey: accessKey === undefined ? null : { key: accessKey[0], origin: accessKey[1] },
    verbose: flags.verbose || flags.debug || values.verbose === true,
  }
}
