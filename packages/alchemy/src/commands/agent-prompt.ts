import type { Command, Result } from "../command.ts"
import {
  children,
  commandTree,
  groupDefault,
  type Node,
  ownFlags,
  runnableCommands,
} from "../command-tree.ts"
import { ERROR_GUIDE, type ErrorCode, EXIT_CODES, isRetryable } from "../errors.ts"
import { jsonText } from "../output/printable.ts"
import { VERSION } from "../version.ts"
import { ENVIRONMENT, OUTPUT, RULES, SIGN_IN } from "./agent-guide.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: agentPromptRun }

/** All that a program has to know of this command, as one JSON document. Made from the command tree and the table of errors. */
export async function agentPromptRun(): Promise<Result> {
  const document = agentPrompt()
  return { data: document, text: () => `${jsonText(document, 2)}\n`, verbatim: true }
}

/** The document itself. */
export function agentPrompt() {
  const root = commandTree()
  return {
    name: "alchemy",
    version: VERSION,
    description: root.command.description(),
    output: OUTPUT,
    rules: RULES,
    signIn: SIGN_IN,
    commands: runnableCommands(root).map((node) => describedCommand(node, root)),
    globalFlags: ownFlags(root).map(({ flags, description }) => ({ flags, description })),
    environment: ENVIRONMENT.map(([name, meaning]) => ({ name, meaning })),
    errors: Object.entries(EXIT_CODES).map(([name, exitCode]) => {
      const code = name as ErrorCode
      return { code, exitCode, retryable: isRetryable(code), ...ERROR_GUIDE[code] }
    }),
  }
}

function describedCommand(node: Node, root: Node) {
  const { command, path } = node
  const shorter = shorterForm(path, root)
  return {
    command: ["alchemy", ...path].join(" "),
    ...(shorter === null ? {} : { sameAs: shorter }),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      required: argument.required,
      ...(argument.variadic ? { several: true } : {}),
    })),
    flags: ownFlags(node).map(({ flags, description }) => ({ flags, description })),
  }
}

/** `alchemy auth` for `alchemy auth login`. */
function shorterForm(path: readonly string[], root: Node): string | null {
  let node: Node | undefined = root
  for (const word of path.slice(0, -1)) {
    node = children(node).find(({ command }) => command.name() === word)
    if (node === undefined) return null
  }
  return groupDefault(node)?.path.join(" ") === path.join(" ") ? `alchemy ${node.path.join(" ")}` : null
}
