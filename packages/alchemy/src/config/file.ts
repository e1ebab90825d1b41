import type { Credential, CredentialStore, JsonFile, Keychain } from "@authchemy/cli-sign-in/credentials"
import {
  createCredentialStore,
  KeychainError,
  openJsonFile,
  systemKeychain,
} from "@authchemy/cli-sign-in/credentials"
import type { CommandContext } from "../command.ts"
import { CLIError } from "../errors.ts"
import { redact } from "../output/mask.ts"
import { printable } from "../output/printable.ts"
import { configPath, pathForPeople } from "./path.ts"
import { type Profile, profileNames, profileSection, resolveProfile } from "./profile.ts"

type Content = Record<string, unknown>

/** What the keychain's entries are filed under. */
const KEYCHAIN_SERVICE = "alchemy-cli"
const CLOCK_AHEAD = "clock_ahead_seconds"
/** Answers tell whole seconds, and take a while. */
const NOTICED_SECONDS = 10
/** The settings that are the machine's, whatever the profile. */
export const MACHINE_KEYS: readonly string[] = ["credential-store", "verbose", "profile"]

/** The configuration file, seen from the profile of a command. */
export type ConfigFile = {
  readonly path: string
  readonly profile: Profile
  /** The whole file. */
  readonly json: JsonFile
  /** The settings of the profile, and those of the machine. */
  values(): Promise<Content>
  /** Changes one setting, where it belongs; `undefined` removes it. */
  set(key: string, value: string | boolean | undefined): Promise<void>
  /** `null`: there is none. */
  readonly keychain: Keychain | null
  /** Where the profile's sign-in is kept. */
  readonly store: CredentialStore
  /** The profile's credential, as `store.load` gives it. @throws CLIError `CREDENTIAL_STORE_ERROR` */
  loadCredential(): Promise<Credential | null>
  /**
   * How far this machine's clock was ahead of the server's when a server last said so, in seconds; 0 where it was not, or
   * within a minute. Only that is kept: it can make a sign-in that looks expired be tried, and the server then says. A clock that
   * is behind, taken from a file, would end sign-ins without anybody being asked.
   */
  secondsAhead(): Promise<number>
  /** Keeps that for later commands; nothing is written where it has hardly changed. */
  keepSecondsAhead(seconds: number): Promise<void>
  /** The profiles there are, each with where its sign-in is kept. */
  profiles(): Promise<{ name: string; store: CredentialStore }[]>
  /** What is reported where the file, or what stands beside it, could not be used. */
  failure(what: "read" | "written", cause: unknown): CLIError
}

/** Opens the configuration file at the first use and keeps it for the rest of the command. */
export type OpenConfig = () => Promise<ConfigFile>

/**
 * The configuration file of a context. Its operations throw CLIError `CREDENTIAL_STORE_ERROR` where the file or the keychain
 * cannot be read or written; a file that cannot be parsed is put aside and told to `onWarning`.
 * @throws CLIError `INVALID_ARGS` where what names the profile is no name
 */
export async function openConfigFile(
  context: Pick<
    CommandContext,
    "env" | "flags" | "homeDirectory" | "workingDirectory" | "now" | "platform" | "keychain"
  >,
  onWarning: (warning: string) => void,
): Promise<ConfigFile> {
  const path = configPath(context)
  const shownPath = pathForPeople(path, context.homeDirectory)
  const file = openJsonFile({ path, onWarning, now: context.now })
  const failure: ConfigFile["failure"] = (what, cause) => {
    if (cause instanceof CLIError) return cause
    const reason = cause instanceof Error ? printable(redact(cause.message), 200) : "unknown reason"
    return new CLIError("CREDENTIAL_STORE_ERROR", `${shownPath} could not be ${what} (${reason}).`, {
      hint: "Check who owns the file and its directory, or name another with ALCHEMY_CONFIG.",
      cause,
    })
  }
  const failing = (what: "read" | "written") => (cause: unknown) => {
    throw failure(what, cause)
  }
  const json: JsonFile = {
    path,
    read: () => file.read().catch(failing("read")),
    update: (change) => file.update(change).catch(failing("written")),
  }
  const { env, platform } = context
  const keychain =
    context.keychain === undefined
      ? systemKeychain({ service: KEYCHAIN_SERVICE, env, platform })
      : context.keychain
  const storeOf = (name: string) =>
    createCredentialStore({
      file: json,
      fileDescription: `config file ${shownPath}`,
      section: (content, create) => profileSection(content, name, create),
      keychain,
      preference: (content) => keeperPreference(content["credential-store"]),
      alsoClear: ["app"],
      now: context.now,
    })
  const profile = resolveProfile(await json.read(), context)
  const store = storeOf(profile.name)
  return {
    path,
    profile,
    json,
    keychain,
    values: async () => {
      const content = await json.read()
      const machine = Object.fromEntries(
        MACHINE_KEYS.flatMap((key) => (Object.hasOwn(content, key) ? [[key, content[key]]] : [])),
      )
      return { ...profileSection(content, profile.name, false), ...machine }
    },
    set: (key, value) =>
      json.update((content) => {
        const own = !MACHINE_KEYS.includes(key)
        const target = own ? profileSection(content, profile.name, value !== undefined) : content
        if (target === null) return
        if (value === undefined) delete target[key]
        else target[key] = value
      }),
    store,
    loadCredential: () =>
      store.load().catch((cause: unknown) => {
        throw keychainFailure(cause)
      }),
    profiles: async () => profileNames(await json.read()).map((name) => ({ name, store: storeOf(name) })),
    secondsAhead: async () => secondsAheadIn(await json.read()),
    keepSecondsAhead: async (seconds) => {
      const known = secondsAheadIn(await json.read())
      if (Math.abs(known - seconds) < NOTICED_SECONDS && (known === 0) === (seconds === 0)) return
      await json.update((content) => {
        if (seconds === 0) delete content[CLOCK_AHEAD]
        else content[CLOCK_AHEAD] = Math.round(seconds)
      })
    },
    failure,
  }
}

function secondsAheadIn(content: Content): number {
  const seconds = content[CLOCK_AHEAD]
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds : 0
}

function keeperPreference(value: unknown): "auto" | "keychain" | "file" {
  return value === "keychain" || value === "file" ? value : "auto"
}

/** What is reported where the keychain could not be used. Other errors come back as they are. */
export function keychainFailure(cause: unknown): unknown {
  if (!(cause instanceof KeychainError)) return cause
  const hints: Readonly<Record<KeychainError["problem"], string>> = {
    absent: "Run `alchemy config set credential-store file` to keep the sign-in in the config file.",
    locked: "Unlock it and try again, or run `alchemy config set credential-store file` and sign in anew.",
    silent:
      "`alchemy auth doctor` looks into it; `alchemy config set credential-store file` does without it.",
    refused:
      "`alchemy auth doctor` looks into it; `alchemy config set credential-store file` does without it.",
    missing: "Run `alchemy auth login --force` to sign in again.",
  }
  return new CLIError("CREDENTIAL_STORE_ERROR", `The keychain could not be used: ${cause.message}.`, {
    hint: hints[cause.problem],
    cause,
  })
}
