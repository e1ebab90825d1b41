import type { Command as CommanderCommand, Option } from "commander"
import { createProgram } from "./program/commander.ts"

/** A command, or a group of commands, as the command line knows it. */
export type Node = {
  /** Without `alchemy`: `[]`, `["apps"]`, `["apps", "get"]`. */
  readonly path: readonly string[]
  readonly command: CommanderCommand
}

/** What a group alone means: `alchemy auth` is `alchemy auth login`. */
const GROUP_DEFAULTS: Readonly<Record<string, string>> = { auth: "login", "auth sessions": "list" }

/** The whole command tree, to be looked at only: none of its commands runs. */
export function commandTree(): Node {
  const command = createProgram({
    dispatch: () => {},
    write: () => {},
    width: undefined,
    groupDefaults: true,
  })
  return { path: [], command }
}

/** What is listed below a group; without those that people need not know. */
export function children(node: Node): Node[] {
  return node.command
    .createHelp()
    .visibleCommands(node.command)
    .filter((command) => command.name() !== "help")
    .map((command) => ({ path: [...node.path, command.name()], command }))
}

/** The command that a group alone means; `null` for all others. */
export function groupDefault(node: Node): Node | null {
  const name = GROUP_DEFAULTS[node.path.join(" ")]
  return children(node).find(({ command }) => command.name() === name) ?? null
}

/** Every command that can be run, in the order of the help. */
export function runnableCommands(node: Node): Node[] {
  const below = children(node)
  return below.length === 0 ? [node] : below.flatMap(runnableCommands)
}

/** The flags of a command's own, without those that every command takes. */
export function ownFlags(node: Node): readonly Option[] {
  return node.command.options
}
