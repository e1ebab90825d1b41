import { withOrigin } from "../audit/origin.ts"
import type { Config } from "../config.ts"
import { type CommandServices, openCommandServices } from "../services.ts"

/** Where a command reads and writes. */
export type CommandIo = {
  env: Readonly<Record<string, string | undefined>>
  stdin: AsyncIterable<string | Uint8Array> & { isTTY?: boolean | undefined }
  stdout: (text: string) => void
}

/** A command cannot do what it was asked to; `exitCode` says which kind of failure. */
export class CommandError extends Error {
  readonly exitCode: 1 | 2
  constructor(exitCode: CommandError["exitCode"], message: string) {
    super(message)
    this.name = "CommandError"
    this.exitCode = exitCode
  }
}

/** Opens the database for a piece of work, which is recorded as the operator's. @throws what `openCommandServices` and the work throw */
export async function withAccountServices(
  config: Config,
  work: (services: CommandServices) => Promise<void>,
): Promise<void> {
  const services = await openCommandServices(config)
  try {
    await withOrigin({ actor: "operator", address: null, agent: null }, () => work(services))
  } finally {
    await services.close()
  }
}

/** Longer than any password or secret: a line that does not end is not read for ever. */
const MOST_READ = 4096

/** The first line of standard input, without its end; what there is, where it has none or is longer than 4,096 characters. */
export async function firstLine(stdin: CommandIo["stdin"]): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of stdin) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true })
    const end = text.indexOf("\n")
    if (end >= 0) return text.slice(0, end).replace(/\r$/, "")
    if (text.length > MOST_READ) return text
  }
  return text
}
