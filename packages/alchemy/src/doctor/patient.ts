import type { Credential } from "@authchemy/cli-sign-in/credentials"
import type { CommandContext } from "../command.ts"
import type { ConfigFile } from "../config/file.ts"
import { resolveSettings, type Settings } from "../config/settings.ts"
import { deliver } from "../pending-revocations.ts"
import { NotLookedAt } from "./check.ts"
import type { Probes } from "./probes.ts"
import { type Answer, answerOf } from "./reach.ts"

/** What all checks look at. What several of them need is found out once. */
export type Patient = {
  readonly context: CommandContext
  readonly probes: Probes
  readonly offline: boolean
  /** @throws NotLookedAt where it cannot be opened */
  config(): Promise<ConfigFile>
  /** Opening it would change it: whoever asks is told why not. */
  leaveConfigAlone(why: string | undefined): void
  /** @throws NotLookedAt where a setting is wrong */
  settings(): Promise<Settings>
  /** @throws CLIError where the keychain cannot be used */
  credential(): Promise<Credential | null>
  /** What the auth server says of itself. */
  authServer(): Promise<Answer>
  adminServer(): Promise<Answer>
  /** Brings what is pending to its servers, for two and a half seconds at most. Resolves to how many sessions have ended. */
  deliver(): Promise<number>
  /** Whether delivery has been tried. */
  hasTriedToDeliver(): boolean
}

/** How long delivery may take, in milliseconds; what is not delivered by then, later commands try. */
const DELIVERY_MS = 2500
/** RFC 8414 §3. */
const METADATA_PATH = "/.well-known/oauth-authorization-server"

export function createPatient(context: CommandContext, probes: Probes, offline: boolean): Patient {
  let untouchable: string | undefined
  let tried = false
  const config = async () => {
    if (untouchable !== undefined) throw new NotLookedAt(untouchable)
    return context.config().catch((cause: unknown) => {
      throw new NotLookedAt("the configuration cannot be read", { cause })
    })
  }
  const settings = async () => {
    // A broken file says nothing; flags and variables go on doing so.
    const values = untouchable === undefined ? await (await config()).values() : {}
    try {
      return resolveSettings(values, context)
    } catch (cause) {
      throw new NotLookedAt("a setting is wrong", { cause })
    }
  }
  const credential = once(async () => (await config()).loadCredential())
  const means = { context, probes }
  return {
    context,
    probes,
    offline,
    config,
    leaveConfigAlone: (why) => {
      untouchable = why
    },
    settings,
    credential,
    authServer: once(async () => answerOf(`${(await settings()).authUrl}${METADATA_PATH}`, means)),
    adminServer: once(async () => answerOf(`${(await settings()).adminUrl}/healthz`, means)),
    deliver: once(async () => {
      const signal = AbortSignal.any([probes.limit(DELIVERY_MS), context.signal])
      try {
        return await deliver(await config(), context, signal)
      } finally {
        tried = true
      }
    }),
    hasTriedToDeliver: () => tried,
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}
