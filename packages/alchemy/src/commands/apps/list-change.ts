import { CLIError } from "../../errors.ts"
import { listFlag, type RawFlags } from "../../flags.ts"
import { printable } from "../../output/printable.ts"

/** What a list is to become: all of it, or what comes and what goes. */
export type ListChange<Entry> = { set: Entry[] } | { add: Entry[]; remove: Entry[] }

/** How the entries of a list are read and told apart. */
export type EntryKind<Entry> = {
  /** @throws CLIError `INVALID_ARGS` naming the flag */
  parse(text: string, flag: string): Entry
  /** An entry for people, as it was given. */
  show(entry: Entry): string
  /** What two entries have in common that mean the same. */
  key(entry: Entry): string
  /** What becomes of an entry that is there where one is added that means the same. */
  merge(there: Entry, added: Entry): Entry
}

/** What a change came to. */
export type ChangedList<Entry> = {
  after: Entry[]
  /** Whether the list is another now, if only in its names or its order. */
  changed: boolean
  added: Entry[]
  removed: Entry[]
  /** What was to go, and was not there. */
  absent: Entry[]
}

/**
 * The change that `--set`, `--add`, `--remove` and, where the command has it, `--clear` ask for; `null` where none does.
 * @throws CLIError `INVALID_ARGS` where an entry is none, or they contradict each other
 */
export function listChangeFrom<Entry>(raw: RawFlags, kind: EntryKind<Entry>): ListChange<Entry> | null {
  const entries = (value: unknown, flag: string) =>
    listFlag(value, flag)?.map((text) => kind.parse(text, flag))
  const set = entries(raw.set, "--set")
  const add = entries(raw.add, "--add")
  const remove = entries(raw.remove, "--remove")
  const clear = raw.clear === true
  const parts = add !== undefined || remove !== undefined
  if ([set !== undefined, clear, parts].filter(Boolean).length > 1) {
    throw new CLIError(
      "INVALID_ARGS",
      `${clear ? "--clear" : "--set"} is for the whole list and stands alone.`,
      {
        hint: "--add and --remove go together, and leave the rest as it is.",
      },
    )
  }
  if (clear) return { set: [] }
  if (set !== undefined) return { set }
  if (!parts) return null
  const going = new Set(remove?.map(kind.key))
  const both = add?.find((entry) => going.has(kind.key(entry)))
  if (both === undefined) return { add: add ?? [], remove: remove ?? [] }
  throw new CLIError("INVALID_ARGS", `${printable(kind.show(both), 80)} is in --add and in --remove.`)
}

/** What a change comes to for the list that is there. */
export function changedList<Entry>(
  before: readonly Entry[],
  change: ListChange<Entry>,
  { key, merge }: EntryKind<Entry>,
): ChangedList<Entry> {
  const without = (entries: readonly Entry[], others: readonly Entry[]) => {
    const keys = new Set(others.map(key))
    return entries.filter((entry) => !keys.has(key(entry)))
  }
  const { set, add, remove } =
    "set" in change ? { ...change, add: change.set, remove: [] } : { ...change, set: null }
  const given = new Map(add.map((entry) => [key(entry), entry]))
  const left = without(before, remove).map((entry) => {
    const again = given.get(key(entry))
    return again === undefined ? entry : merge(entry, again)
  })
  const added = without(set ?? [...given.values()], before)
  const after = set ?? [...left, ...added]
  return {
    after,
    changed: JSON.stringify(before) !== JSON.stringify(after),
    added,
    removed: without(before, set ?? without(before, remove)),
    absent: without(remove, before),
  }
}
