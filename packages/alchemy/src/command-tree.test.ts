import { expect, test } from "vitest"
import { children, commandTree, groupDefault, type Node, runnableCommands } from "./command-tree.ts"
import { createProgram } from "./program/commander.ts"

const named = (path: string) => {
  let node = commandTree()
  for (const word of path.split(" ")) {
    const below = children(node).find(({ command }) => command.name() === word)
    if (below === undefined) throw new Error(`there is no ${path}`)
    node = below
  }
  return node
}

/** The file that a command line would load, as its `load` names it. */
async function loads(argv: string[]): Promise<string> {
  let loaded = ""
  const program = createProgram({
    dispatch: ({ load }) => {
      loaded = String(load)
    },
    write: () => {},
    width: undefined,
    groupDefaults: true,
  })
  await program.parseAsync(argv, { from: "user" }).catch(() => {})
  return loaded
}

test("holds every command but the hidden ones, each under its whole name", () => {
  const paths = runnableCommands(commandTree()).map(({ path }) => path.join(" "))
  expect(paths).toContain("auth login")
  expect(paths).toContain("auth sessions revoke")
  expect(paths).toContain("apps origin-allowlist")
  expect(paths).toContain("version")
  expect(paths).not.toContain("auth")
  for (const hidden of ["complete", "auth deliver"]) expect(paths).not.toContain(hidden)
  expect(new Set(paths).size).toBe(paths.length)
})

test("what a group alone means is what runs", async () => {
  const groups = (node: Node): Node[] =>
    children(node).flatMap((below) => (children(below).length === 0 ? [] : [below, ...groups(below)]))
  const meant = groups(commandTree()).map((node) => [node.path, groupDefault(node)?.path ?? null] as const)
  expect(meant.flatMap(([path, alone]) => (alone === null ? [] : [path.join(" ")]))).toEqual([
    "auth",
    "auth sessions",
  ])
  for (const [path, alone] of meant) {
    expect(await loads([...path])).toBe(alone === null ? "" : await loads([...alone]))
  }
})

test("a command that is no group means nothing else", () => {
  expect(groupDefault(named("auth login"))).toBeNull()
  expect(children(named("auth login"))).toEqual([])
})
