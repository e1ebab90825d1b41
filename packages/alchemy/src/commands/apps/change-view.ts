import type { Style } from "../../output/style.ts"
import { fields } from "../../output/table.ts"
import type { ChangedList } from "./list-change.ts"

/** What a change of a list came to, for programs; nothing where the list was only looked at. */
export function changeData<Entry>(
  change: ChangedList<Entry> | null,
): Partial<Omit<ChangedList<Entry>, "after">> {
  if (change === null) return {}
  const { changed, added, removed, absent } = change
  return { changed, added, removed, absent }
}

/** The same for people: a sentence, what came and what went. `what` is in the plural and fit to be shown. */
export function changeText<Entry>(
  what: string,
  { changed, added, removed, absent }: ChangedList<Entry>,
  show: (entry: Entry) => string,
  style: Style,
): string {
  const listed = (entries: readonly Entry[]) =>
    entries.length === 0 ? undefined : entries.map(show).join(", ")
  return [
    changed ? `${style.green("✓")} ${what} have changed.\n` : `${what} are as they were.\n`,
    fields(
      [
        ["added", listed(added)],
        ["removed", listed(removed)],
        ["not there", listed(absent)],
      ],
      style,
    ),
    "\n",
  ].join("")
}
