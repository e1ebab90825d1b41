import type { Metafile } from "esbuild"

/** The files that a program imports only when it needs them, sorted. */
export function onDemand({ inputs }: Pick<Metafile, "inputs">): string[] {
  const paths = Object.values(inputs).flatMap(({ imports }) =>
    imports.flatMap(({ kind, path, external }) =>
      kind === "dynamic-import" && external !== true ? [path] : [],
    ),
  )
  return [...new Set(paths)].toSorted()
}

/** What went into each output of a bundle, by the entry that it was made for. */
export function contentsByEntry({ outputs }: Pick<Metafile, "outputs">): Map<string, Set<string>> {
  return new Map(
    Object.values(outputs).flatMap(({ entryPoint, inputs }) => {
      if (entryPoint === undefined) return []
      const files = Object.entries(inputs).flatMap(([file, part]) => (part.bytesInOutput > 0 ? [file] : []))
      return [[entryPoint, new Set(files)] as const]
    }),
  )
}

/**
 * Sorts what the entries of a program need into two parts that they share: what every start needs, and what else more than one entry needs. The
 * bundler puts together what the same entries reach; so an entry is made to import all of a part, or nothing of it. Left to itself it
 * makes a file for each set of entries that share something: dozens, and each file that is read costs.
 * @param start what every start needs
 * @param entries what each other entry needs
 * @returns for each entry what it is to import beside what it does already
 */
export function partsToImport(
  start: ReadonlySet<string>,
  entries: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, string[]> {
  const uses = new Map<string, number>()
  for (const file of [...entries.values()].flatMap((files) => [...files])) {
    uses.set(file, (uses.get(file) ?? 0) + 1)
  }
  const common = new Set([...uses].flatMap(([file, count]) => (count > 1 && !start.has(file) ? [file] : [])))
  return new Map(
    Array.from(entries, ([entry, files]) => {
      const sharesMore = [...files].some((file) => common.has(file))
      const more = sharesMore ? [...start, ...common] : [...start]
      return [entry, more.filter((file) => file !== entry)] as const
    }),
  )
}
