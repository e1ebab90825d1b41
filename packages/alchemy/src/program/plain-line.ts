import { type CommandNode, type Flag, GLOBAL_FLAGS, type Invocation } from "./tree.ts"

/** A flag as it is read: the name of its value, and whether one follows. */
type ReadAs = { key: string; takesValue: boolean; negated: boolean }

/**
 * Reads a command line that is written out plainly, as most are: known words and known flags, `--flag` or `--flag value`, and
 * as many operands as the command takes. All else (help, `--flag=value`, `-qy`, `--`, a mistake) is commander's: `null`.
 * Commander takes milliseconds to load and to build, more than all else that a start of ours does.
 */
export function readPlainLine(nodes: readonly CommandNode[], argv: readonly string[]): Invocation | null {
  const raw: Record<string, unknown> = {}
  const operands: string[] = []
  let node: CommandNode | null = null
  let children = nodes
  let flags = flagsByName(GLOBAL_FLAGS)
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ""
    if (word.startsWith("-") && word !== "-") {
      const flag = flags.get(word)
      if (flag === undefined) return null
      const value = flag.takesValue ? argv[++at] : !flag.negated
      // One that begins with a dash is a value to commander, too, but hardly meant as one.
      if (value === undefined || (typeof value === "string" && value.startsWith("-"))) return null
      raw[flag.key] = value
      continue
    }
    const child = operands.length === 0 ? children.find(({ name }) => name === word) : undefined
    if (child !== undefined) {
      node = child
      children = child.children
      flags = new Map([...flags, ...flagsByName(child.flags)])
    } else if (children.length > 0) return null
    else operands.push(word)
  }
  if (node === null || node.load === null || raw.version === true) return null
  if (!fits(operands.length, node.operands)) return null
  return { load: node.load, operands, raw, ...(node.offline ? { offline: true } : {}) }
}

function fits(count: number, operands: readonly string[]): boolean {
  if (operands.some((operand) => operand.includes("..."))) return false
  const needed = operands.filter((operand) => operand.startsWith("<")).length
  return count >= needed && count <= operands.length
}

function flagsByName(flags: readonly Flag[]): Map<string, ReadAs> {
  const named = new Map<string, ReadAs>()
  for (const [written] of flags) {
    const names = written.split(/[ ,]+/).filter((part) => part.startsWith("-"))
    const long = names.at(-1) ?? ""
    const negated = long.startsWith("--no-")
    const key = camelCase(long.slice(negated ? "--no-".length : 2))
    for (const name of names) named.set(name, { key, takesValue: written.includes("<"), negated })
  }
  return named
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
