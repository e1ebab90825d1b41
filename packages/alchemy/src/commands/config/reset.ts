import { PENDING_KEYS, SIGN_IN_KEYS } from "@authchemy/cli-sign-in/credentials"
import type { Command, CommandContext, Result } from "../../command.ts"
import { MACHINE_KEYS } from "../../config/file.ts"
import { DEFAULT_PROFILE, profileSection } from "../../config/profile.ts"
import { CONFIG_KEYS, configKey } from "../../config/schema.ts"
import { CLIError } from "../../errors.ts"

const PENDING_KEY = "pending_revocations"
const isOneOf = (keys: readonly string[], name: string) => keys.includes(name)

export type ResetOptions = { name: string | undefined; yes: boolean }

export const command: Command<ResetOptions> = {
  parse: ([name], raw) => ({
    name: name === undefined || name === PENDING_KEY ? name : configKey(name).name,
    yes: raw.yes === true,
  }),
  run: resetRun,
}

/**
 * Removes one value of the profile, or all but those of the sign-in, which `auth logout` removes. The machine's settings go
 * with those of the default profile.
 */
export async function resetRun(options: ResetOptions, context: CommandContext): Promise<Result> {
  const { name } = options
  const { json, profile, store } = await context.config()
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
  const names =
    name === undefined
      ? CONFIG_KEYS.filter(({ managed }) => !managed)
          .map((key) => key.name)
          .filter((key) => profile.name === DEFAULT_PROFILE || !isOneOf(MACHINE_KEYS, key))
      : isOneOf(SIGN_IN_KEYS, name)
        ? SIGN_IN_KEYS
        : name === PENDING_KEY
          ? PENDING_KEYS.filter((key) => key !== "keychain_leftovers")
          : [name]
  const sectionOf = (content: Record<string, unknown>) => profileSection(content, profile.name, false) ?? {}
  const targetOf = (content: Record<string, unknown>, key: string) =>
    isOneOf(MACHINE_KEYS, key) || isOneOf(PENDING_KEYS, key) ? content : sectionOf(content)
  const before = await json.read()
  const reset = names.filter((key) => Object.hasOwn(targetOf(before, key), key))
  const signIn = names === SIGN_IN_KEYS ? await store.signIn() : null
  // What a keychain keeps of it goes, too.
  if (signIn !== null) await store.clear(signIn.digest)
  let kept: string[] = []
  await json.update((content) => {
    const section = sectionOf(content)
    for (const key of reset) delete targetOf(content, key)[key]
    kept = [
      ...SIGN_IN_KEYS.filter((key) => Object.hasOwn(section, key)),
      ...PENDING_KEYS.filter((key) => Object.hasOwn(content, key)),
    ]
  })
  const signInKept = kept.some((key) => isOneOf(SIGN_IN_KEYS, key))
  if (reset.includes("auth_token") || reset.includes("auth_token_keychain")) {
    context.report.warning("The session goes on at the server; end it on the server's sessions page.")
  }
  return {
    data: { reset, kept },
    text: (style) =>
      [
        reset.length === 0
          ? "There was nothing to reset.\n"
          : `${style.green("✓")} Reset ${reset.join(", ")}.\n`,
        name === undefined && signInKept ? "  The sign-in was kept; `alchemy auth logout` ends it.\n" : "",
        name === undefined && kept.includes(PENDING_KEY)
          ? "  Sign-outs that have not reached their server yet were kept; the next command tries again.\n"
          : "",
      ].join(""),
    sentenceOnly: true,
  }
}
