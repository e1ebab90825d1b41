import type { Screen, Size } from "./terminal.ts"
import type { Person } from "./world.ts"

/** One command line of the tour, and what is said about it. */
export type Step = {
  heading: string
  /** One sentence. */
  says: string
  /** It is taken, and not written down: what it shows has been seen before. */
  unseen?: boolean
  /** As a person types it. */
  line: string
  /** What a program runs in its place; `null`: nothing. The same line with `--json` where left out. */
  json?: string | null
  env?: Record<string, string>
  /** Below the home directory, which it is where left out. */
  directory?: string
  size?: Size
  /** The exit code; 0 where left out. */
  exit?: number
  /** The exit code that a program gets, where it is another one. */
  jsonExit?: number
  /** Somebody goes where the command says, signs in and decides. */
  person?: { decision: "Approve" | "Deny"; who?: Person }
  /** What a person does at the terminal. `show` keeps the screen of this moment. */
  acts?: (screen: Screen, show: () => Promise<void>) => Promise<void>
  /** The same, after somebody has decided. */
  afterwards?: (screen: Screen, show: () => Promise<void>) => Promise<void>
  /** How many lines are kept of a long answer. */
  cut?: { first: number; last: number }
}

/** What a command showed, as text; for a program, all that it wrote. */
export type Seen = { text: string }

/** Where the steps are taken: in a terminal, or as a program does. */
export type Stage = {
  chapter(title: string, says: string): void
  step(step: Step): Promise<Seen>
  /** Tells values that differ from tour to tour and have no form of their own. */
  varies(...values: string[]): void
}

/** What a person finds on the screen, or a program in the events: the address to open, or the code to type. */
export function addressIn(text: string): { url: string } | { code: string } | null {
  const [url] = /http:\/\/[^\s"]+\/login\?[^\s"]+/.exec(text) ?? []
  if (url !== undefined) return { url }
  const [code] = /\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b/.exec(text) ?? []
  return code === undefined ? null : { code }
}
