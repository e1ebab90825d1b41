import type { Command, CommandContext, Result } from "../../command.ts"
import { type ConfigKey, configKey } from "../../config/schema.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import { shownValue } from "./shown-value.ts"

export type GetOptions = { name: string }

export const command: Command<GetOptions> = {
  parse: ([name = ""]) => ({ name: configKey(name).name }),
  run: getRun,
}

function hintOf({ name, managed, secret }: ConfigKey): string {
  if (managed) return "`alchemy auth login` sets it."
  return secret
    ? `\`alchemy config set ${name}\` asks for it; with - it is read from stdin.`
    : `alchemy config set ${name} <value>`
}

/** One value; a secret is masked unless `--reveal`. Not set: `NOT_FOUND`. */
export async function getRun(options: GetOptions, context: CommandContext): Promise<Result> {
  const key = configKey(options.name)
  const config = await context.config()
  const value = shownValue(key, await config.values(), context.flags.reveal)
  if (value === undefined) {
    throw new CLIError("NOT_FOUND", `${key.name} is not set.`, {
      hint: hintOf(key),
    })
  }
  return { data: { key: key.name, value }, text: () => `${printable(String(value), 2000)}\n` }
}
