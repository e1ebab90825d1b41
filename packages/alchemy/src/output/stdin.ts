import type { CommandContext } from "../command.ts"
import { CLIError } from "../errors.ts"

/**
 * All of stdin as text.
 * @throws CLIError `INVALID_ARGS` where stdin is a terminal, on which a secret would be seen, or holds too much
 */
export async function readStdin(
  { stdin, signal }: Pick<CommandContext, "stdin" | "signal">,
  wanted: { what: string; mostBytes: number },
): Promise<string> {
  if (stdin.isTTY === true) {
    throw new CLIError("INVALID_ARGS", `${wanted.what} is read from stdin, which is a terminal.`, {
      hint: "Pipe it in, or read it from a file with <.",
    })
  }
  const chunks: Buffer[] = []
  let size = 0
  const stop = () => stdin.destroy()
  signal.addEventListener("abort", stop, { once: true })
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > wanted.mostBytes) {
        throw new CLIError("INVALID_ARGS", `${wanted.what} on stdin is too long.`)
      }
      chunks.push(bytes)
    }
  } finally {
    signal.removeEventListener("abort", stop)
  }
  return Buffer.concat(chunks).toString("utf8")
}
