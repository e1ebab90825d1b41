import { KeychainError } from "@authchemy/cli-sign-in/credentials"
import type { Command, CommandContext, Result } from "../../command.ts"
import { type ConfigFile, keychainFailure } from "../../config/file.ts"
import { configKey } from "../../config/schema.ts"
import { CLIError } from "../../errors.ts"
import { maskSecret } from "../../output/mask.ts"
import { printable } from "../../output/printable.ts"
import { readStdin } from "../../output/stdin.ts"

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
  const config = await context.config()
  if (key.name === "credential-store") return moveCredentials(String(value), config)
  await config.set(key.name, value)
  const shown = key.secret && !context.flags.reveal ? maskSecret(String(value)) : value
  return {
    data: { key: key.name, value: shown },
    text: (style) => `${style.green("✓")} ${key.name} = ${printable(String(shown))}\n`,
    sentenceOnly: true,
  }
}

/**
 * Sign-ins that are stored follow the setting; where one of them cannot, it is as before and the setting too. Only one that
 * a keychain does not give back does not keep anybody from doing without it: it is left there.
 */
async function moveCredentials(value: string, config: ConfigFile): Promise<Result> {
  const before = (await config.values())["credential-store"]
  await config.set("credential-store", value)
  const moved: { profile: string; keptIn: string }[] = []
  const left: { profile: string; reason: string }[] = []
  try {
    await config.store.check()
    for (const { name, store } of await config.profiles()) {
      const kept = await store.relocate().catch((cause: unknown) => {
        if (value !== "file" || !(cause instanceof KeychainError)) throw cause
        left.push({ profile: name, reason: cause.message })
        return null
      })
      if (kept !== null) moved.push({ profile: name, keptIn: store.descriptionOf(kept.in) })
    }
  } catch (cause) {
    await config.set("credential-store", typeof before === "string" ? before : undefined)
    throw keychainFailure(cause)
  }
  return {
    data: { key: "credential-store", value, moved, ...(left.length === 0 ? {} : { left }) },
    text: (style) =>
      [
        `${style.green("✓")} credential-store = ${value}\n`,
        ...moved.map(
          ({ profile, keptIn }) => `  The sign-in of ${profile} is kept in: ${printable(keptIn)}\n`,
        ),
        ...left.map(
          ({ profile, reason }) =>
            `${style.yellow("!")} The sign-in of ${profile} stays in the keychain: ${printable(reason)}.\n  \`alchemy auth login --force${profile === "default" ? "" : ` --profile ${profile}`}\` signs in anew.\n`,
        ),
      ].join(""),
    sentenceOnly: left.length === 0,
  }
}

async function givenValue(options: SetOptions, secret: boolean, context: CommandContext): Promise<string> {
  if (options.value !== undefined && options.value !== "-") {
    if (secret) {
      context.report.warning(
        `What stands in an argument can be seen by other programs and stays in the shell's history; \`alchemy config set ${options.name} -\` reads it from stdin.`,
      )
    }
    return options.value.trim()
  }
  if (options.value === "-")
    return (await readStdin(context, { what: "The value", mostBytes: MAX_VALUE_BYTES })).trim()
  if (secret && context.flags.interactive) {
    return (await context.prompter.password(`Value of ${options.name}`)).trim()
  }
  throw new CLIError("INVALID_ARGS", `A value for ${options.name} is missing.`, {
    hint: `alchemy config set ${options.name} <value>, or - to read it from stdin`,
  })
}
