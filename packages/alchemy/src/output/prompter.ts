import type { Readable, Writable } from "node:stream"
import { interrupted } from "../errors.ts"

/** Questions to a person at a terminal. Each throws `INTERRUPTED` where the person cancels. */
export type Prompter = {
  confirm(question: string): Promise<boolean>
  /** A secret that is not echoed. */
  password(question: string): Promise<string>
}

/** Prompts on the given streams, with `@clack/prompts`, which is loaded at the first question. */
export function createPrompter(io: { input: Readable; output: Writable; signal: AbortSignal }): Prompter {
  return {
    async confirm(message) {
      const { confirm } = await import("@clack/prompts")
      const answer = await confirm({ message, initialValue: false, ...io })
      if (typeof answer !== "boolean") throw interrupted()
      return answer
    },
    async password(message) {
      const { password } = await import("@clack/prompts")
      const answer = await password({ message, ...io })
      if (typeof answer !== "string") throw interrupted()
      return answer
    },
  }
}
