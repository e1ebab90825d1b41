import { requireAuthToken } from "../../auth/resolve-auth-token.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { resolveSettings } from "../../config/settings.ts"
import { CLIError } from "../../errors.ts"

export const command: Command<Record<never, never>> = {
  parse: () => ({}),
  run: tokenRun,
}

/** The token itself, for scripts: raw on a pipe, JSON by `--json`, on a terminal only with `--reveal`. */
export async function tokenRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const { flags, stdout } = context
  if (stdout.isTTY === true && !flags.reveal) {
    throw new CLIError("INVALID_ARGS", "The token is not shown on a terminal.", {
      hint: "Pipe it to a program, or run `alchemy auth token --reveal`.",
    })
  }
  const config = await context.config()
  const settings = resolveSettings(await config.values(), context)
  const { token, origin, expiresAt } = await requireAuthToken(settings, context)
  // What reads it may be a terminal, which acts on control characters.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CLIError("AUTH_REQUIRED", `The token (${origin}) has characters that no token has.`, {
      hint:
        origin === "environment"
          ? "Set another, or unset ALCHEMY_AUTH_TOKEN and run `alchemy auth login`."
          : "Run `alchemy auth login --force` to sign in again.",
    })
  }
  return {
    data: { token, origin, expiresAt },
    text: () => `${token}\n`,
    textUnlessJsonAskedFor: true,
  }
}
