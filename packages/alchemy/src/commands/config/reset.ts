import type { Command, CommandContext, Result } from "../../command.ts"
import { CONFIG_KEYS, configKey } from "../../config/schema.ts"
import { CLIError } from "../../errors.ts"

/** What sign-in and sign-out keep in the file; it goes only when it is named. */
const TOKEN_KEYS: readonly string[] = ["auth_token", "auth_token_expires_at", "auth_token_server"]
const PENDING_KEY = "pending_revocations"

export type ResetOptions = { name: string | undefined; yes: boolean }

export const command: Command<ResetOptions> = {
  parse: ([name], raw) => ({
    name: name === undefined || name === PENDING_KEY ? name : configKey(name).name,
    yes: raw.yes === true,
  }),
  run: resetRun,
}

/** Removes one value, or all but those of the sign-in, which `auth logout` removes. */
export async function resetRun(options: ResetOptions, context: CommandContext): Promise<Result> {
  const { name } = options
  const { json } = await context.config()
  if (name === undefined && !options.yes) {
    if (!context.flags.interactive) {
      throw new CLIError("INVALID_ARGS", "Resetting everything needs --yes where nobody can be asked.", {
        hint: "alchemy config reset --yes, or name one key",
      })
    }
    const agreed = await context.prompter.confirm("Reset all settings? A sign-in is kept.")
    if (!agreed)
      return { data: { reset: [], kept: [] }, text: () => "Nothing was reset.\n", sentenceOnly: true }
  }
  const managed = [...TOKEN_KEYS, PENDING_KEY]
  const names =
    name === undefined
      ? CONFIG_KEYS.flatMap((key) => (key.managed ? [] : [key.name]))
      : TOKEN_KEYS.includes(name)
        ? TOKEN_KEYS
        : [name]
  let reset: string[] = []
  let kept: string[] = []
  await json.update((content) => {
    reset = names.filter((key) => Object.hasOwn(content, key))
    for (const key of reset) delete content[key]
    kept = managed.filter((key) => Object.hasOwn(content, key))
  })
  if (reset.includes("auth_token")) {
    context.report.warning("The session goes on at the server; end it on the server's sessions page.")
  }
  return {
    data: { reset, kept },
    text: (style) =>
      [
        reset.length === 0
          ? "There was nothing to reset.\n"
          : `${style.green("✓")} Reset ${reset.join(", ")}.\n`,
        name === undefined && kept.includes("auth_token")
          ? "  The sign-in was kept; `alchemy auth logout` ends it.\n"
          : "",
        name === undefined && kept.includes(PENDING_KEY)
          ? "  Sign-outs that have not reached their server yet were kept; the next command tries again.\n"
          : "",
      ].join(""),
    sentenceOnly: true,
  }
}
