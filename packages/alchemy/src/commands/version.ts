import type { Command, Result } from "../command.ts"
import { VERSION } from "../version.ts"

export const command: Command<Record<never, never>> = { parse: () => ({}), run: versionRun }

/** The version of this command and of the runtime. */
export async function versionRun(): Promise<Result> {
  return {
    data: { version: VERSION, node: process.versions.node },
    text: () => `alchemy ${VERSION}\n`,
  }
}
