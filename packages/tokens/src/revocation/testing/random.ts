/** Chance that can be repeated: the same seed gives the same course. */
export type Random = {
  /** From 0 up to 1. */
  next(): number
  /** From one number up to another. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  bytes(size: number): Uint8Array
}

/** @param seed a whole number. The generator is mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    bytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(next() * 256)),
  }
}
