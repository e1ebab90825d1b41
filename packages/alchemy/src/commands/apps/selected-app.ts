import type { CommandContext } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { appId } from "./app-view.ts"

/**
 * Runs `work` on the app that is named, else on the selected one.
 * @throws CLIError `INVALID_ARGS` where none is named and none selected, `NOT_FOUND` where the selected one is gone
 */
export async function onApp<T>(
  named: string | undefined,
  context: CommandContext,
  work: (id: string) => Promise<T>,
): Promise<T> {
  if (named !== undefined) return work(named)
  const id = await selectedApp(context)
  try {
    return await work(id)
  } catch (error) {
    if (!(error instanceof CLIError) || error.code !== "NOT_FOUND") throw error
    throw new CLIError("NOT_FOUND", `The selected app ${id} is not there, or is another account's.`, {
      hint: "Run `alchemy apps select` to choose another.",
      status: error.status,
      cause: error,
    })
  }
}

async function selectedApp(context: CommandContext): Promise<string> {
  const { app } = await (await context.config()).values()
  if (typeof app === "string" && app !== "") return appId(app)
  throw new CLIError("INVALID_ARGS", "No app is named, and none is selected.", {
    hint: "Name one, or run `alchemy apps select` to choose the one that commands work on.",
  })
}
