import type { App } from "@authchemy/protocol"
import type { AdminClient } from "../../admin/admin-client.ts"
import type { CommandContext } from "../../command.ts"
import { CLIError } from "../../errors.ts"

const MOST_RETRIES = 5
/** The longest first pause, in milliseconds; each further one may be twice as long. */
const FIRST_PAUSE_MS = 50

/**
 * Reads an app and runs `change` on it, which makes the tag a condition of what it sends. Where something else has changed the app in between, all of
 * it once more, after a pause of a random length, five times at most. A server that gives no tags is asked without a condition.
 * @throws CLIError as `change` does, and `ADMIN_API_ERROR` where the app is changed again and again
 */
export async function changeAsRead<T>(
  client: Pick<AdminClient, "getTaggedApp">,
  id: string,
  change: (app: App, tag: string | null) => Promise<T>,
  context: Pick<CommandContext, "delay" | "randomBytes" | "signal">,
): Promise<T> {
  for (let retries = 0; ; retries++) {
    const { app, tag } = await client.getTaggedApp(id)
    try {
      return await change(app, tag)
    } catch (error) {
      const conflict = tag !== null && error instanceof CLIError && error.status === 409
      if (!conflict) throw error
      if (retries === MOST_RETRIES) {
        throw new CLIError("ADMIN_API_ERROR", "Something else changes this app again and again.", {
          hint: "Nothing was changed. Run the same command once more in a moment.",
          retryable: true,
          status: error.status,
          cause: error,
        })
      }
    }
    await pause(FIRST_PAUSE_MS * 2 ** retries * randomPart(context), context)
  }
}

async function pause(
  milliseconds: number,
  { delay, signal }: Pick<CommandContext, "delay" | "signal">,
): Promise<void> {
  if (delay !== undefined) return delay(milliseconds, signal)
  const { setTimeout: realDelay } = await import("node:timers/promises")
  // Where it is interrupted, the next request says so.
  await realDelay(milliseconds, undefined, { signal }).catch(() => {})
}

/** From 0 up to 1: two that met must not meet again. */
function randomPart({ randomBytes }: Pick<CommandContext, "randomBytes">): number {
  const [high = 0, low = 0] = randomBytes(2)
  return (high * 256 + low) / 65_536
}
