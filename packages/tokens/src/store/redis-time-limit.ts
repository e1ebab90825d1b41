import { StoreUnavailableError } from "../errors.ts"

/** How long an operation may take before the caller is told that nothing is known. */
export const COMMAND_LIMIT_MS = 500

/** There was no answer in time: what was asked for may have happened or not. */
export class NoAnswerError extends Error {
  constructor(limitMs: number) {
    super(`no answer from Redis within ${Math.ceil(limitMs)} ms`)
    this.name = "NoAnswerError"
  }
}

/**
 * The reply, if it comes in time.
 * @throws NoAnswerError
 */
export function within<T>(limitMs: number, reply: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Where this process was held up itself, the reply may lie there unread: it is read before the next immediate.
      setImmediate(() => reject(new NoAnswerError(limitMs)))
    }, limitMs)
    reply.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** @throws StoreUnavailableError whatever goes wrong */
export async function available<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply
  } catch (error) {
    throw unavailable(error)
  }
}

/** What callers are told, whatever went wrong. */
export function unavailable(cause: unknown): StoreUnavailableError {
  return cause instanceof StoreUnavailableError ? cause : new StoreUnavailableError(cause)
}
