import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"
import { parseProfileName } from "./profile.ts"
import { parseServerUrl } from "./server-urls.ts"

/** One key of the configuration file: what it is for, and what it takes. */
export type ConfigKey = {
  readonly name: string
  readonly description: string
  readonly secret: boolean
  /** Kept by sign-in and sign-out, not set by hand. */
  readonly managed: boolean
  /** The value as it is stored. @throws CLIError `INVALID_ARGS` */
  parse(text: string): string | boolean
}

const token = (name: string, description: string, secret: boolean): ConfigKey => ({
  name,
  description,
  secret,
  managed: true,
  parse() {
    throw new CLIError("INVALID_ARGS", `${name} is kept by sign-in and cannot be set by hand.`, {
      hint: "Run `alchemy auth login`, or set ALCHEMY_AUTH_TOKEN for one command.",
    })
  },
})

const plain = (name: string, description: string, parse: ConfigKey["parse"], secret = false): ConfigKey => ({
  name,
  description,
  secret,
  managed: false,
  parse,
})

const oneOf =
  (name: string, choices: Readonly<Record<string, string | boolean>>): ConfigKey["parse"] =>
  (text) => {
    const value = Object.hasOwn(choices, text) ? choices[text] : undefined
    if (value === undefined) {
      throw new CLIError("INVALID_ARGS", `${name} must be one of: ${Object.keys(choices).join(", ")}.`)
    }
    return value
  }

const word =
  (name: string, longest: number): ConfigKey["parse"] =>
  (text) => {
    if (text === "" || text.length > longest || /[^\x21-\x7e]/.test(text)) {
      throw new CLIError(
        "INVALID_ARGS",
        `${name} must be 1 to ${longest} printable ASCII characters without blanks.`,
      )
    }
    return text
  }

/** Every key that the command knows. Others in the file are left as they are. */
export const CONFIG_KEYS: readonly ConfigKey[] = [
  plain("auth-url", "Where to sign in", (text) => parseServerUrl(text, "auth-url")),
  plain("admin-url", "The admin API", (text) => parseServerUrl(text, "admin-url")),
  plain("access-key", "A key used in place of a sign-in", word("access-key", 512), true),
  token("auth_token", "The token of the sign-in", true),
  token("auth_token_expires_at", "Until when the token is good", false),
  plain("app", "The app that commands work on", word("app", 128)),
  plain("network", "The chain network that commands work on", word("network", 64)),
  plain(
    "credential-store",
    "Where the token is kept: auto, keychain or file",
    oneOf("credential-store", { auto: "auto", keychain: "keychain", file: "file" }),
  ),
  plain("profile", "The profile that is used where nothing else names one", (text) =>
    parseProfileName(text, "profile"),
  ),
  plain("verbose", "Say more on the way: true or false", oneOf("verbose", { true: true, false: false })),
]

/** @throws CLIError `INVALID_ARGS` naming the keys there are */
export function configKey(name: string): ConfigKey {
  const key = CONFIG_KEYS.find((candidate) => candidate.name === name)
  if (key !== undefined) return key
  throw new CLIError("INVALID_ARGS", `There is no configuration key ${printable(name, 60)}.`, {
    hint: `The keys are: ${CONFIG_KEYS.map((candidate) => candidate.name).join(", ")}.`,
  })
}
