import type { Readable } from "node:stream"
import type { Command, CommandContext, Result } from "../../command.ts"
import { configKey } from "../../config/schema.ts"
import { CLIError } from "../../errors.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"

/** The longest value that is read from stdin, in bytes. */
const MAX_VALUE_BYTES = 4096

export type SetOptions = { name: string; value: string | undefined }

export const command: Command<SetOptions> = {
  parse([name = "", value]) {
    const key = configKey(name)
    if (key.managed) key.parse("")
    return { name, value }
  },
  run: setRun,
}

/** Stores one value. `-` reads it from stdin, so that a secret is in no argument; a left out secret is asked for. */
export async function setRun(options: SetOptions, context: CommandContext): Promise<Result> {
  const key = configKey(options.name)
  const value = key.parse(await givenValue(options, key.secret, context))
  const { json } = await context.config()
  await json.update((content) => {
    content[key.name] = value
  })
  const shown = key.secret && !context.flags.reveal ? maskSecret(String(value)) : value
  return {
    data: { key: key.name, value: shown },
    text: (style) => `${style.green("✓")} ${key.name} = ${printable(String(shown))}\n`,
    sentenceOnly: true,
  }
}

async function givenValue(options: SetOptions, secret: boolean, context: CommandContext): Promise<string> {
  if (options.value !== undefined && options.value !== "-") return options.value.trim()
  if (options.value === "-") return (await boundedInput(context.stdin, context.signal)).trim()
  if (secret && context.flags.interactive) {
    return (await context.prompter.password(`Value of ${options.name}`)).trim()
  }
  throw new CLIError("INVALID_ARGS", `A value for ${options.name} is missing.`, {
    hint: `alchemy config set ${options.name} <value>, or - to read it from stdin`,
  })
}

async function boundedInput(stdin: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  const stop = () => stdin.destroy()
  signal.addEventListener("abort", stop, { once: true })
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > MAX_VALUE_BYTES) throw new CLIError("INVALID_ARGS", "The value on stdin is too long.")
      chunks.push(bytes)
    }
  } finally {
    signal.removeEventListener("abort", stop)
  }
  return Buffer.concat(chunks).toString("utf8")
}
