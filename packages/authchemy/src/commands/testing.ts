import { runCli } from "../cli.ts"

/** Runs `authchemy` in this process, on a data directory; its first line of input is `input`. */
export async function runAuthchemy(
  directory: string,
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; isTTY?: boolean } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const output = { stdout: "", stderr: "" }
  const input = (async function* () {
    yield options.input ?? ""
  })()
  const code = await runCli(args, {
    env: { AUTHCHEMY_DATA_DIR: directory, ...options.env },
    stdin: Object.assign(input, { isTTY: options.isTTY }),
    stdout: (text) => {
      output.stdout += text
    },
    stderr: (text) => {
      output.stderr += text
    },
  })
  return { code, ...output }
}
