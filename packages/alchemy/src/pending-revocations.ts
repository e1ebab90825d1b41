import type { CredentialStore, UnfinishedSignIn } from "@authchemy/cli-sign-in/credentials"
import type { CommandContext } from "./command.ts"
import type { ConfigFile } from "./config/file.ts"

/** How long a command that is done waits for earlier sign-outs to reach the server, in milliseconds. */
const GRACE_MS = 50
/** How long a write may take that it is in the middle of then, in milliseconds: as a rule it takes a few. */
const WRITING_MS = 250

/**
 * Whether something has still to reach a server, and could be tried without a person. A sign-in that somebody is to finish
 * counts once its code has expired.
 * @param now milliseconds since the epoch
 */
export async function isAnythingPending(store: CredentialStore, now: number): Promise<boolean> {
  if ((await store.pendingRevocations()).length > 0) return true
  const unfinished = await store.unfinishedSignIns()
  const isOpen = (one: UnfinishedSignIn) =>
    one.kind === "device" && one.handedOut !== undefined && !(now > Date.parse(one.expiresAt))
  return unfinished.some((one) => !one.lost && !isOpen(one))
}

/**
 * Begins to deliver earlier sign-outs that have not reached their server, where the configuration file holds any.
 * The returned function is called when the command is done: it waits a moment at most, then gives up until the next
 * command. It never throws.
 */
export function deliverPendingRevocations(context: CommandContext): () => Promise<void> {
  const giveUp = new AbortController()
  const delivery = deliverOnce(context, AbortSignal.any([giveUp.signal, context.signal])).catch(() => 0)
  return async () => {
    let confirmed = await within(GRACE_MS, delivery)
    giveUp.abort()
    // The process ends after this: a write that has begun is not to be cut off, or it leaves half of itself behind.
    confirmed ||= await within(WRITING_MS, delivery)
    if (confirmed > 0) {
      context.report.note(
        `${context.report.style.green("✓")} An earlier sign-out has now reached the server.`,
      )
    }
  }
}

/** What it comes to, or 0 where it takes longer. */
async function within(milliseconds: number, work: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<number>((resolve) => {
    timer = setTimeout(resolve, milliseconds, 0)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}

async function deliverOnce(context: CommandContext, signal: AbortSignal): Promise<number> {
  const config = await context.config()
  if (!(await isAnythingPending(config.store, context.now()))) return 0
  return deliver(config, context, signal)
}

/**
 * Tries all that is pending once: sign-outs that have not reached their server, and sign-ins whose process was killed.
 * Never throws for what a server does.
 * @returns how many sessions are known to be over now
 */
export async function deliver(
  config: ConfigFile,
  context: Pick<CommandContext, "fetch" | "now" | "serverNow">,
  signal: AbortSignal,
): Promise<number> {
  const { retryPendingRevocations } = await import("@authchemy/cli-sign-in/revocations")
  const { fetch } = context
  // Neither clock alone may say that a session is over: what is forgotten is not ended any more.
  const now = () => Math.min(context.now(), context.serverNow())
  const { store } = config
  const ended = await endUnfinished(config, context, signal)
  return ended + (await retryPendingRevocations({ store, fetch, now, signal })).confirmed
}

/** Only while nobody signs in: whoever is about to redeem a code has noted it as well. */
async function endUnfinished(
  { path, store }: ConfigFile,
  { fetch, now }: Pick<CommandContext, "fetch" | "now">,
  signal: AbortSignal,
): Promise<number> {
  if ((await store.unfinishedSignIns()).length === 0) return 0
  const { endUnfinishedSignIns, LockTimeoutError, withFileLock } = await import("@authchemy/cli-sign-in")
  try {
    const outcome = await withFileLock(signInLockOf(path), { waitMs: 0, signal }, () =>
      endUnfinishedSignIns({ store, fetch, now, signal }),
    )
    return outcome.ended
  } catch (error) {
    if (error instanceof LockTimeoutError || signal.aborted) return 0
    throw error
  }
}

/** What whoever signs in holds, so that there is one sign-in at a time for a configuration file. */
export function signInLockOf(configPath: string): string {
  return `${configPath}.sign-in.lock`
}
