import { createProcessContext } from "./context.ts"
import { main } from "./main.ts"

/** Runs this process's command line on its own streams and environment; returns the exit code. */
export function run(): Promise<number> {
  return main(process.argv.slice(2), createProcessContext())
}
