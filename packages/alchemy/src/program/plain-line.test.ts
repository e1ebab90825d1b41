import fc from "fast-check"
import { expect, test } from "vitest"
import { commandNodes } from "../program.ts"
import { createProgram } from "./commander.ts"
import { readPlainLine } from "./plain-line.ts"
import { type CommandNode, GLOBAL_FLAGS, type Invocation } from "./tree.ts"

const NODES = commandNodes()

/** What commander makes of a line: the command, or `null` where it has something to say about it. */
function byCommander(argv: readonly string[]): Invocation | null {
  let invocation: Invocation | null = null
  const options = { write: () => {}, width: undefined, groupDefaults: true }
  const program = createProgram({
    ...options,
    dispatch: (named) => {
      invocation = named
    },
  })
  try {
    program.parse(argv, { from: "user" })
    return invocation
  } catch {
    return null
  }
}

/** What a command is given of it. Commander fills in `true` for the flags that begin with `--no-`. */
function given(invocation: Invocation | null) {
  if (invocation === null) return null
  const { load, operands, raw, offline = false } = invocation
  const negatable = ["color", "interactive", "browser"]
  const said = Object.entries(raw).filter(([name, value]) => !(negatable.includes(name) && value === true))
  return { load: String(load), operands, raw: Object.fromEntries(said), offline }
}

function words(nodes: readonly CommandNode[]): string[] {
  return nodes.flatMap(({ name, flags, children }) => [
    name,
    ...flags.flatMap(([written]) => written.split(/[ ,]+/)),
    ...words(children),
  ])
}

const VOCABULARY = [
  ...words(NODES),
  ...GLOBAL_FLAGS.flatMap(([written]) => written.split(/[ ,]+/)),
  ...["app_1", "x", "5", "", "-", "--", "-x", "--nope", "--json=1", "-qy", "--help", "help", "no-color"],
]

function paths(nodes: readonly CommandNode[], above: string[] = []): string[][] {
  return nodes.flatMap(({ name, children, load }) => [
    ...(load === null ? [] : [[...above, name]]),
    ...paths(children, [...above, name]),
  ])
}

test("a line that is read plainly is read as commander reads it", () => {
  const word = fc.constantFrom(...VOCABULARY)
  const path = fc.constantFrom(...paths(NODES), [] as string[])
  const line = fc
    .tuple(fc.array(word, { maxLength: 1 }), path, fc.array(word, { maxLength: 5 }))
    .map((parts) => parts.flat())
  let plain = 0
  fc.assert(
    fc.property(line, (argv) => {
      const read = readPlainLine(NODES, argv)
      if (read === null) return
      plain++
      expect(given(read)).toEqual(given(byCommander(argv)))
    }),
    { numRuns: Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 3000) },
  )
  expect(plain).toBeGreaterThan(100)
})

test("every command is read plainly, with its operands and its flags", () => {
  for (const path of paths(NODES)) {
    let node: CommandNode | undefined
    let children: readonly CommandNode[] = NODES
    for (const name of path) {
      node = children.find((child) => child.name === name)
      children = node?.children ?? []
    }
    if (node === undefined || node.operands.includes("[words...]")) continue
    const flags = node.flags.flatMap(([written]) => {
      const [name = ""] = written.split(/[ ,]+/)
      return written.includes("<") ? [name, "a value"] : [name]
    })
    const argv = [...path, ...node.operands.map(() => "operand"), ...flags, "--json", "--timeout", "5"]
    expect(given(readPlainLine(NODES, argv)), argv.join(" ")).toEqual(given(byCommander(argv)))
  }
})

test.each([
  [[]],
  [["auth"]],
  [["auth", "--help"]],
  [["help", "auth"]],
  [["auth", "statsu"]],
  [["auth", "login", "operand"]],
  [["config", "set"]],
  [["apps", "list", "--limit"]],
  [["apps", "list", "--limit", "-5"]],
  [["apps", "list", "--limit=5"]],
  [["apps", "delete", "-y", "--", "x"]],
  [["--offline", "auth", "status"]],
  [["auth", "status", "--version"]],
  [["complete", "--", "auth"]],
])("%j is left to commander", (argv) => {
  expect(readPlainLine(NODES, argv)).toBe(null)
})
