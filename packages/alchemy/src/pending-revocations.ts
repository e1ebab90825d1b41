import type { CommandContext } from "./command.ts"

/** How long a command that is done waits for earlier sign-outs to reach the server, in milliseconds. */
const GRACE_MS = 50

/**
 * Begins to deliver earlier sign-outs that have not reached their server, where the configuration file holds any.
 * The returned function is called when the command is done: it waits a moment at most, then gives up until the next
 * command. It never throws.
 */
export function deliverPendingRevocations(context: CommandContext): () => Promise<void> {
  const giveUp = new AbortController()
  const delivery = deliver(context, AbortSignal.any([giveUp.signal, context.signal])).catch(() => 0)
  return async () => {
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<number>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS, 0)
    })
    const confirmed = await Promise.race([delivery, grace])
    clearTimeout(timer)
    giveUp.abort()
    if (confirmed > 0) {
      context.report.note(
        `${context.report.style.green("✓")} An earlier sign-out has now reached the server.`,
      )
    }
  }
}

async function deliver(context: CommandContext, signal: AbortSignal): Promise<number> {
  const { store } = await context.config()
  if ((await store.pendingRevocations()).length === 0) return 0
  const { retryPendingRevocations } = await import("@authchemy/cli-sign-in/revocations")
  const { fetch, now } = context
  return (await retryPendingRevocations({ store, fetch, now, signal })).confirmed
}
