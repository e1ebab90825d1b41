import { StoreUnavailableError } from "../errors.ts"

/**
 * The same methods, of which those that reject with `StoreUnavailableError` are counted.
 * @param methods an object whose methods do not need `this`
 */
export function counted<Methods extends object>(methods: Methods, count: () => void): Methods {
  const note = (error: unknown) => {
    if (error instanceof StoreUnavailableError) count()
  }
  const entries = Object.entries(methods).map(([name, method]) => {
    if (typeof method !== "function") return [name, method]
    const calling = (...given: unknown[]) => {
      const answer: unknown = method(...given)
      if (answer instanceof Promise) answer.catch(note)
      return answer
    }
    return [name, calling]
  })
  return Object.fromEntries(entries) as Methods
}
