import type { Command, CommandContext, Result } from "../../command.ts"
import { deliver, isAnythingPending } from "../../pending-revocations.ts"

/** When it gives up, in milliseconds; after that the next command tries. */
const GIVE_UP_AFTER_MS = 10 * 60_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 15_000

export const command: Command<Record<never, never>> = { parse: () => ({}), run: deliverRun }

/**
 * Brings what is pending to its server, with pauses that double, until nothing is left or ten minutes are over; what a
 * sign-out had to leave in a keychain is removed once before. Run apart from the command that could not; one process at a
 * time for a configuration file.
 */
export async function deliverRun(_options: Record<never, never>, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const { LockTimeoutError, withFileLock } = await import("@authchemy/cli-sign-in")
  const { setTimeout: realDelay } = await import("node:timers/promises")
  const { signal, now } = context
  const delay =
    context.delay ?? ((milliseconds) => realDelay(milliseconds, undefined, { signal }).catch(() => {}))
  const began = now()
  let ended = 0
  try {
    await withFileLock(`${config.path}.deliver.lock`, { waitMs: 0, signal }, async () => {
      await config.store.removeLeftovers()
      for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        ended += await deliver(config, context, signal)
        if (!(await isAnythingPending(config.store, context.serverNow()))) return
        if (now() - began + pause > GIVE_UP_AFTER_MS) return
        await delay(pause, signal)
      }
    })
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) throw error
  }
  const pending = await isAnythingPending(config.store, context.serverNow())
  return {
    data: { ended, pending },
    text: () => (pending ? "Something is still pending.\n" : "Nothing is pending.\n"),
    sentenceOnly: true,
  }
}
