/** How a process ended: its exit code, or the signal that killed it. */
export type End = { code: number | null; signal: NodeJS.Signals | null }

/** A worker that ends sooner than this after its start, in milliseconds, has died quickly. */
export const QUICK_DEATH_MS = 5_000

/** So many quick deaths in a row, with no worker serving, end the primary. */
export const QUICK_DEATHS = 5

const LONGEST_PAUSE_MS = 30_000

/**
 * How long to wait before a worker that has died is replaced: not at all at first, then half a second, doubling up to 30 seconds.
 * @param quickDeaths how many workers in a row have died quickly, this one included
 * @returns milliseconds
 */
export function replacementPauseMs(quickDeaths: number): number {
  return quickDeaths < 2 ? 0 : Math.min(500 * 2 ** (quickDeaths - 2), LONGEST_PAUSE_MS)
}

/** An end in words. */
export function endOf({ code, signal }: End): string {
  return signal === null ? `with code ${code}` : `by ${signal}`
}
