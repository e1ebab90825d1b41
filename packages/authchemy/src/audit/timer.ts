/**
 * Runs a piece of work once, so many milliseconds on.
 * @param keepsProcess whether the process stays for it; left out: it does not
 * @returns calls it off
 */
export type Timer = (work: () => void, ms: number, keepsProcess?: boolean) => () => void

/** The system's. */
export const systemTimer: Timer = (work, ms, keepsProcess = false) => {
  const timer = setTimeout(work, ms)
  if (!keepsProcess) timer.unref()
  return () => clearTimeout(timer)
}
