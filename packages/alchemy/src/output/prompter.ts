import type { Readable, Writable } from "node:stream"
import { interrupted } from "../errors.ts"
import { printable } from "./printable.ts"
import { columnsOf, cut } from "./width.ts"

/** One answer to a question. `label` and `hint` may come from a server: they are made printable. */
export type Choice<Value> = { value: Value; label: string; hint?: string | undefined }

/** Questions to a person at a terminal. Each throws `INTERRUPTED` where the person cancels. */
export type Prompter = {
  /** Enter alone says no, or what `initially` is. */
  confirm(question: string, more?: { initially?: boolean }): Promise<boolean>
  /** A secret that is not echoed. */
  password(question: string): Promise<string>
  /**
   * One of several, for which the person may type to search in labels and hints. `current` is chosen until the person
   * moves. There must be at least one.
   */
  choose<Value>(
    question: string,
    options: readonly Choice<Value>[],
    more?: { current?: Value; placeholder?: string },
  ): Promise<Value>
  /** A line of text, without blanks around it. `validate` says what is wrong with it, or returns `undefined`. */
  text(
    question: string,
    more?: { placeholder?: string; validate?: (text: string) => string | undefined },
  ): Promise<string>
}

/** How many options are shown at once; the rest is scrolled to or searched for. */
const MOST_SHOWN = 10
/** What the prompt puts beside an option, in columns, and above and below the options, in rows where lines are wrapped. */
const AROUND = { columns: 6, rows: 10 }

/** Prompts on the given streams, with `@clack/prompts`, which is loaded at the first question. */
export function createPrompter(io: {
  input: Readable
  output: Writable & { columns?: number; rows?: number }
  signal: AbortSignal
}): Prompter {
  return {
    async confirm(question, { initially = false } = {}) {
      const { confirm } = await import("@clack/prompts")
      const answer = await confirm({ message: printable(question), initialValue: initially, ...io })
      if (typeof answer !== "boolean") throw interrupted()
      return answer
    },
    async password(question) {
      const { password } = await import("@clack/prompts")
      const answer = await password({ message: printable(question), ...io })
      if (typeof answer !== "string") throw interrupted()
      return answer
    },
    async choose(question, options, more = {}) {
      const { autocomplete } = await import("@clack/prompts")
      const room = (io.output.columns || 80) - AROUND.columns
      const shown = options.map((option, index) => ({ value: String(index), ...onOneLine(option, room) }))
      const current = options.findIndex(({ value }) => value === more.current)
      const answer = await autocomplete({
        message: printable(question),
        options: shown,
        maxItems: Math.min(MOST_SHOWN, (io.output.rows || 24) - AROUND.rows),
        filter: (search, { value }) => isFound(search, options[Number(value)]),
        // Where nothing is found, Enter has nothing to choose.
        validate: (answer) => (answer === undefined ? "Nothing is found. Type something else." : undefined),
        ...(current === -1 ? {} : { initialValue: String(current) }),
        ...(more.placeholder === undefined ? {} : { placeholder: printable(more.placeholder) }),
        ...io,
      })
      const chosen = typeof answer === "string" ? options[Number(answer)] : undefined
      if (chosen === undefined) throw interrupted()
      return chosen.value
    },
    async text(question, { placeholder, validate } = {}) {
      const { text } = await import("@clack/prompts")
      const answer = await text({
        message: printable(question),
        ...(placeholder === undefined ? {} : { placeholder: printable(placeholder) }),
        ...(validate === undefined ? {} : { validate: (typed?: string) => validate((typed ?? "").trim()) }),
        ...io,
      })
      if (typeof answer === "symbol") throw interrupted()
      return (answer ?? "").trim()
    },
  }
}

/** As much of an option as has room: the label first, the hint in what remains. */
function onOneLine({ label, hint = "" }: Choice<unknown>, room: number): { label: string; hint?: string } {
  const shown = cut(printable(label), room)
  const rest = cut(printable(hint), room - columnsOf(shown) - " ()".length)
  return { label: shown, ...(rest === "" ? {} : { hint: rest }) }
}

/** Every word of the search is somewhere in the option, whatever the case. */
function isFound(search: string, option: Choice<unknown> | undefined): boolean {
  const within = `${option?.label} ${option?.hint ?? ""}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => within.includes(word))
}
