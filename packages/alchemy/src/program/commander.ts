import { Command as CommanderCommand } from "commander"
import { commandNodes } from "../program.ts"
import { type CommandNode, GLOBAL_FLAGS, type Invocation } from "./tree.ts"

/**
 * The command tree as commander knows it: for help, for what is wrong with a command line, and for who wants to look at it.
 * `dispatch` is given the command that was named. `groupDefaults`: `alchemy auth` alone means `alchemy auth login`.
 */
export function createProgram(options: {
  dispatch: (invocation: Invocation) => void
  write: (text: string) => void
  width: number | undefined
  groupDefaults: boolean
}): CommanderCommand {
  const program = new CommanderCommand("alchemy")
    .description("Sign in through the browser, call the admin API, sign out for good.")
    .exitOverride()
    .configureOutput({
      writeOut: options.write,
      writeErr: options.write,
      outputError: () => {},
      getOutHelpWidth: () => options.width ?? 80,
      getErrHelpWidth: () => options.width ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 10,
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace("[options]", "").trim()}`.trimEnd(),
    })
    .helpCommand("help [command]", "show help for a command")
    .helpOption("-h, --help", "show help")
  for (const [flags, description] of GLOBAL_FLAGS) program.option(flags, description)
  for (const node of commandNodes()) add(program, node, options)
  return program
}

function add(
  parent: CommanderCommand,
  node: CommandNode,
  options: Pick<Parameters<typeof createProgram>[0], "dispatch" | "groupDefaults">,
): void {
  const { load, hidden, offline } = node
  const isDefault = node.isDefault && options.groupDefaults
  const command = parent
    .command([node.name, ...node.operands].join(" "), { isDefault, hidden })
    .description(node.description)
  for (const [flags, description] of node.flags) command.option(flags, description)
  for (const child of node.children) add(command, child, options)
  if (load === null) return
  command.action(() =>
    options.dispatch({
      load,
      operands: [...command.args],
      raw: command.optsWithGlobals(),
      ...(offline ? { offline } : {}),
    }),
  )
}
