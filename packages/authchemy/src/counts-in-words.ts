/** A number with its noun, as `1 network` or `3 networks`. @param several the plural, where it is not the noun with an `s` */
export function counted(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`
}
