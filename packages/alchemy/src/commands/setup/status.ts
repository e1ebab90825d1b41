import { hasPassed, originOf } from "../../auth/resolve-auth-token.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { pathForPeople } from "../../config/path.ts"
import { sameServer } from "../../config/server-urls.ts"
import { resolveSettings } from "../../config/settings.ts"
import { printable } from "../../output/printable.ts"
import { fields } from "../../output/table.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: setupStatusRun }

/** What is set up on this machine, by the local record, and the next command to type. Asks no server. */
export async function setupStatusRun(
  _options: Record<never, never>,
  context: CommandContext,
): Promise<Result> {
  const config = await context.config()
  const content = await config.values()
  const settings = resolveSettings(content, context)
  const stored = await config.store.signIn()
  const text = (name: string) => {
    const value = content[name]
    return typeof value === "string" && value !== "" ? value : null
  }
  const signIn = context.env.ALCHEMY_AUTH_TOKEN
    ? { state: "unverified", origin: "environment", server: settings.authUrl }
    : stored === null || (stored.server !== null && !sameServer(stored.server, settings.authUrl))
      ? { state: "none", origin: null, server: settings.authUrl }
      : {
          state: hasPassed(stored.expiresAt, context.serverNow()) ? "expired" : "unverified",
          origin: originOf(stored.keptIn),
          server: stored.server ?? settings.authUrl,
        }
  const ready = signIn.state === "unverified" || settings.accessKey !== null
  const next = ready ? "alchemy apps list" : "alchemy auth login"
  const data = {
    ready,
    signIn,
    accessKey: { set: settings.accessKey !== null, origin: settings.accessKey?.origin ?? null },
    app: text("app"),
    network: text("network"),
    authUrl: settings.authUrl,
    adminUrl: settings.adminUrl,
    configPath: config.path,
    next,
  }
  const signInSentences: Readonly<Record<string, string>> = {
    none: "no",
    expired: "expired",
    unverified: `yes, by the local record (${signIn.origin})`,
  }
  return {
    data,
    text: (style) =>
      [
        ready ? `${style.green("✓")} Ready.\n` : `${style.red("✗")} Not set up yet.\n`,
        fields(
          [
            ["signed in", signInSentences[signIn.state]],
            ["access key", settings.accessKey === null ? "none" : `set (${settings.accessKey.origin})`],
            ["app", data.app ?? "none"],
            ["network", data.network ?? "none"],
            ["auth server", data.authUrl],
            ["admin API", data.adminUrl],
            ["config file", pathForPeople(config.path, context.homeDirectory)],
          ],
          style,
        ),
        `  Next: ${style.bold(printable(next))}\n`,
      ].join(""),
  }
}
