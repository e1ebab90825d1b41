import type { Option } from "commander"
import { children, groupDefault, type Node, ownFlags } from "../command-tree.ts"
import type { RawFlags } from "../flags.ts"

/** Where on a command line the cursor stands. */
export type Position = {
  /** The command, or group of commands, that was named so far. */
  readonly node: Node
  /** The flag whose value is being typed. */
  readonly flag: Option | null
  /** What stands before that value in the same word: `--networks=`. */
  readonly prefix: string
  /** What was typed so far of the operand, the flag or its value. */
  readonly typed: string
  /** The command's operands before it. */
  readonly operands: readonly string[]
  /** After `--`, and where a value is due, there are no flags. */
  readonly flagsPossible: boolean
  /** The flags before it, as commander gives them. */
  readonly raw: RawFlags
  /** Of the flags before it, those that were named. */
  readonly named: ReadonlySet<Option>
}

/** Reads the words of a command line (without `alchemy`); the last one is being typed. */
export function positionIn(words: readonly string[], root: Node): Position {
  const current = words.at(-1) ?? ""
  let node = root
  let awaiting: Option | null = null
  let onlyOperands = false
  const operands: string[] = []
  const raw: Record<string, unknown> = {}
  const named = new Set<Option>()
  const note = (option: Option, value: unknown) => {
    named.add(option)
    raw[option.attributeName()] = value
  }
  for (const word of words.slice(0, -1)) {
    if (awaiting !== null) {
      note(awaiting, word)
      awaiting = null
    } else if (onlyOperands || word === "-" || !word.startsWith("-")) {
      const below: Node | undefined = onlyOperands || operands.length > 0 ? undefined : childNamed(node, word)
      if (below === undefined) operands.push(word)
      else node = below
    } else if (word === "--") {
      onlyOperands = true
    } else {
      const { flag, value } = splitAtEquals(word)
      const option = flagsAt(node, root).find(({ long, short }) => flag === long || flag === short)
      if (option === undefined) continue
      if (!takesValue(option)) note(option, !option.negate)
      else if (value === null) awaiting = option
      else note(option, value)
    }
  }
  const at = { node, operands, raw, named }
  if (awaiting !== null) return { ...at, flag: awaiting, prefix: "", typed: current, flagsPossible: false }
  const { flag, value } = splitAtEquals(current)
  const option = onlyOperands ? undefined : flagsAt(node, root).find(({ long }) => flag === long)
  if (value !== null && option !== undefined && takesValue(option)) {
    return { ...at, flag: option, prefix: `${flag}=`, typed: value, flagsPossible: false }
  }
  return { ...at, flag: null, prefix: "", typed: current, flagsPossible: !onlyOperands }
}

/** The flags that can stand at a command: its own, those of what it means alone, and those that every command takes. */
export function flagsAt(node: Node, root: Node): readonly Option[] {
  const byDefault = groupDefault(node)
  const own = node === root ? [] : ownFlags(node)
  return [...own, ...(byDefault === null ? [] : ownFlags(byDefault)), ...ownFlags(root)]
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function childNamed(node: Node, word: string): Node | undefined {
  return children(node).find(({ command }) => command.name() === word)
}

function splitAtEquals(word: string): { flag: string; value: string | null } {
  const at = word.startsWith("--") ? word.indexOf("=") : -1
  return at === -1 ? { flag: word, value: null } : { flag: word.slice(0, at), value: word.slice(at + 1) }
}
