import { readFile } from "node:fs/promises"
import type { CommandContext } from "./command.ts"
import { configPath } from "./config/path.ts"

/** How long a command that is done waits for earlier sign-outs to reach the server, in milliseconds. */
const GRACE_MS = 50

/** Earlier sign-outs on their way to their servers, beside the command. */
export type Delivery = {
  /** Resolves when they have arrived, or after 50 ms at most, counted from the first call. Never throws. */
  settle(): Promise<void>
  /** Settles, gives up until the next command what has not arrived, and says what has. */
  finish(): Promise<void>
}

/** Begins to deliver earlier sign-outs that have not reached their server, where the configuration file holds any. */
export function deliverPendingRevocations(context: CommandContext): Delivery {
  const giveUp = new AbortController()
  const delivery = deliver(context, AbortSignal.any([giveUp.signal, context.signal])).catch(() => 0)
  let settled: Promise<number> | undefined
  const settle = () => {
    settled ??= withinGrace(delivery)
    return settled
  }
  return {
    settle: async () => {
      await settle()
    },
    finish: async () => {
      const confirmed = await settle()
      giveUp.abort()
      if (confirmed === 0) return
      const { note, style } = context.report
      note(`${style.green("✓")} An earlier sign-out has now reached the server.`)
    },
  }
}

async function withinGrace(delivery: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  const grace = new Promise<number>((resolve) => {
    timer = setTimeout(resolve, GRACE_MS, 0)
  })
  const confirmed = await Promise.race([delivery, grace])
  clearTimeout(timer)
  return confirmed
}

async function deliver(context: CommandContext, signal: AbortSignal): Promise<number> {
  // Most files hold none; to see that, nothing more than the file is loaded.
  const content = await readFile(configPath(context), "utf8")
  if (!/"pending_revocations"\s*:\s*\[\s*\{/.test(content)) return 0
  const [{ retryPendingRevocations }, { store }] = await Promise.all([
    import("@authchemy/cli-sign-in"),
    context.config(),
  ])
  const { fetch, now } = context
  return (await retryPendingRevocations({ store, fetch, now, signal })).confirmed
}
