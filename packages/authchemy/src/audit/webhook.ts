import type { Logger } from "pino"
import type { Timer } from "./timer.ts"
import type { ClaimedDelivery, WebhookOutbox } from "./webhook-outbox.ts"
import { signatureHeaders } from "./webhook-signature.ts"

/** Where events are sent to. */
export type WebhookOptions = {
  /** As `parseWebhookUrl` has it. */
  url: string
  /** As `parseWebhookSecret` has it. */
  secret: Uint8Array
  /** Left out: the system's. */
  fetch?: typeof globalThis.fetch
  /** `false`: this process only puts events where the servers find them, as a command of the operator's does. */
  delivers?: boolean
}

/** How many attempts one process makes at a time. */
const MOST_AT_ONCE = 16
const ATTEMPT_LIMIT_MS = 10_000
/** How often deliveries that other processes have left are looked for, in milliseconds. Those of this process are made at once. */
const LOOK_EVERY_MS = 5_000

/** Sends what stands in the outbox. */
export type WebhookSender = {
  /** There is something to send. */
  wake(): void
  /** Breaks off what is under way: it is sent again by whoever is there when its lease has ended. */
  close(): Promise<void>
}

/**
 * Sends deliveries, each at least once and in no particular order: one that is answered 2xx is done; one that is answered 410 is given up; any other is tried again,
 * ten times in two days. Redirects are not followed and answers not read.
 * @param options.now milliseconds since the epoch
 */
export function startWebhookSender(options: {
  outbox: WebhookOutbox
  webhook: WebhookOptions
  now: () => number
  timer: Timer
  logger: Pick<Logger, "info" | "warn" | "error">
}): WebhookSender {
  const { outbox, webhook, now, timer, logger } = options
  const { url, secret, fetch: send = fetch } = webhook
  const attempts = new Map<string, Promise<void>>()
  const closing = new AbortController()
  let look = Promise.resolve()
  let looking = false
  let lookAgain = false
  let unreachable = false
  let callOff = () => {}

  const wake = () => {
    if (closing.signal.aborted) return
    lookAgain = true
    if (looking) return
    looking = true
    look = lookAround()
  }

  /** Begins what is due, and sees to being woken when something will be. */
  const lookAround = async () => {
    callOff()
    let pauseMs = LOOK_EVERY_MS
    while (lookAgain && !closing.signal.aborted) {
      lookAgain = false
      try {
        pauseMs = await beginDue()
        unreachable = false
      } catch (error) {
        if (!unreachable) logger.warn({ err: error }, "the webhook's outbox is out of reach; tried again")
        unreachable = true
        pauseMs = LOOK_EVERY_MS
      }
    }
    looking = false
    if (!closing.signal.aborted) callOff = timer(wake, pauseMs)
  }

  /** @returns how long until something may be due that is not under way here, in milliseconds */
  const beginDue = async () => {
    for (let dueAt = await outbox.nextDueAt(); ; dueAt = await outbox.nextDueAt()) {
      const pauseMs = dueAt === null ? LOOK_EVERY_MS : Math.min(dueAt - now(), LOOK_EVERY_MS)
      const free = MOST_AT_ONCE - attempts.size
      // Whatever ends wakes us again.
      if (free === 0 || closing.signal.aborted) return LOOK_EVERY_MS
      if (pauseMs > 0) return pauseMs
      const claimed = await outbox.claim(free)
      for (const delivery of claimed) begin(delivery)
      if (claimed.length === 0) return LOOK_EVERY_MS
    }
  }

  const begin = (delivery: ClaimedDelivery) => {
    const attempt = deliver(delivery)
      .catch((error: unknown) => {
        // Its lease ends, and it is tried again.
        logger.warn({ err: error, event: delivery.id }, "what became of a webhook could not be noted")
      })
      .finally(() => {
        attempts.delete(delivery.id)
        wake()
      })
    attempts.set(delivery.id, attempt)
  }

  const deliver = async (delivery: ClaimedDelivery) => {
    const outcome = await attempt(delivery)
    const { id: event, attempts: count } = delivery
    if (outcome === "broken off") return
    if (outcome === "arrived") return outbox.remove(delivery)
    if (outcome === 410) {
      await outbox.remove(delivery)
      logger.error({ event, outcome, attempts: count }, "the webhook wants no more of this; given up")
      return
    }
    if (await outbox.retry(delivery)) {
      if (count === 1) logger.warn({ event, outcome }, "a webhook did not arrive; it is tried again")
      return
    }
    logger.error({ event, outcome, attempts: count }, "a webhook never arrived; given up")
  }

  /** @returns what was answered, or why nothing was */
  const attempt = async ({ id, body }: ClaimedDelivery) => {
    const limit = new AbortController()
    const callOffLimit = timer(() => limit.abort(), ATTEMPT_LIMIT_MS)
    try {
      const response = await send(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "Authchemy",
          ...signatureHeaders({ id, at: now(), body, secret }),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.any([limit.signal, closing.signal]),
      })
      await response.body?.cancel().catch(() => {})
      return response.ok ? "arrived" : response.status
    } catch (error) {
      if (closing.signal.aborted) return "broken off"
      return limit.signal.aborted ? "no answer within 10 seconds" : reasonOf(error)
    } finally {
      callOffLimit()
    }
  }

  wake()
  return {
    wake,
    close: async () => {
      closing.abort()
      callOff()
      await look
      await Promise.all(attempts.values())
    },
  }
}

/** The code of what went wrong, which names no address: the webhook's may be a secret. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code
  return cause instanceof Error ? cause.name : "failed"
}
