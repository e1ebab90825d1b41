/** What a check found. `next`: what to do about it, where there is something to do. */
export type Finding = { state: "ok" | "warning" | "wrong"; message: string; next?: string }

/** A check by its name. */
export type CheckResult = Finding & { check: string }

export const ok = (message: string): Finding => ({ state: "ok", message })
export const warning = (message: string, next: string): Finding => ({ state: "warning", message, next })
export const wrong = (message: string, next: string): Finding => ({ state: "wrong", message, next })

/** How long a check may take, in milliseconds: what is silent for longer is as good as out of reach. */
export const CHECK_LIMIT_MS = 10_000

/**
 * Runs a check; one that fails or takes too long is a finding of its own.
 * @param onFault what it means, given what was thrown
 */
export async function runCheck(
  check: string,
  work: () => Finding | Promise<Finding>,
  onFault: (error: unknown) => Finding,
  limitMs = CHECK_LIMIT_MS,
): Promise<CheckResult> {
  const { promise: silence, reject } = Promise.withResolvers<Finding>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} seconds`)), limitMs)
  try {
    return { check, ...(await Promise.race([Promise.resolve().then(work), silence])) }
  } catch (error) {
    return { check, ...onFault(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** Why something failed, in a few words: the innermost cause knows it best. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no reason was given"
  if (error.cause instanceof Error) return reasonOf(error.cause)
  // Of several addresses that were tried, the first says it as well as all.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return reasonOf(error.errors[0])
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  const message = error.message || error.name
  return code === "" || message.includes(code) ? message : `${message} (${code})`
}
