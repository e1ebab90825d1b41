import type { Command, CommandContext, Result } from "../../command.ts"
import { CONFIG_KEYS } from "../../config/schema.ts"
import { table } from "../../output/table.ts"
import { shownValue } from "./shown-value.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: listRun }

/** Every key with its value; secrets are masked unless `--reveal`. */
export async function listRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const { path, profile, values } = await context.config()
  const content = await values()
  const entries = CONFIG_KEYS.map((key) => ({
    key,
    value: shownValue(key, content, context.flags.reveal),
  }))
  return {
    data: {
      path,
      profile: profile.name,
      values: Object.fromEntries(
        entries.flatMap(({ key, value }) => (value === undefined ? [] : [[key.name, value]])),
      ),
    },
    text: (style) =>
      table(
        ["KEY", "VALUE"],
        entries.map(({ key, value }) => [
          key.name,
          value === undefined ? `- (${key.description})` : String(value),
        ]),
        style,
      ),
  }
}
