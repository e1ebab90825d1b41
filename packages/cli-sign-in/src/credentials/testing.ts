import type { JsonFile } from "./json-file.ts"
import { type Keychain, KeychainError, type KeychainProblem } from "./keychain.ts"

type Content = Record<string, unknown>

/** Done at each operation of a file or a keychain, around what it does. */
export type Around = <T>(what: string, operation: () => T) => Promise<T>
const AT_ONCE: Around = async (_what, operation) => operation()

/** A file in memory: each update is one step. `content` is what is there. */
export function fileInMemory(content: Content = {}, around: Around = AT_ONCE) {
  const kept = { content }
  const file: JsonFile = {
    path: "config.json",
    read: () => around("file read", () => structuredClone(kept.content)),
    update: (change) =>
      around("file update", () => {
        const changed = structuredClone(kept.content)
        change(changed)
        // As JSON has it: what is not in the text is not in the file.
        kept.content = JSON.parse(JSON.stringify(changed))
      }),
  }
  return { file, kept }
}

/**
 * A keychain in memory. `trouble`: what it answers instead; `hangs`: nothing ever. `asked` is what it was asked, in order.
 */
export function keychainInMemory(around: Around = AT_ONCE) {
  const entries = new Map<string, string>()
  const state = { trouble: null as KeychainProblem | "hangs" | null, asked: [] as string[] }
  const answer = async <T>(what: string, operation: () => T): Promise<T> => {
    state.asked.push(what)
    if (state.trouble === "hangs") return new Promise<never>(() => {})
    if (state.trouble !== null) throw new KeychainError(state.trouble, `it is ${state.trouble}`)
    return around(`keychain ${what}`, operation)
  }
  const keychain: Keychain = {
    name: "keychain in memory",
    read: (entry) => answer("read", () => entries.get(entry) ?? null),
    write: (entry, secret) => answer("write", () => void entries.set(entry, secret)),
    remove: (entry) => answer("remove", () => void entries.delete(entry)),
  }
  return { keychain, entries, state }
}
