import type { Me } from "@authchemy/protocol"
import { adminClientWith } from "../admin/admin-client-from-flags.ts"
import type { CommandContext } from "../command.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"

/** How long the question may take where nothing else is said, in milliseconds. */
export const ASK_TIMEOUT_MS = 2000

/** What the server says of a token. */
export type ServerSays =
  | { says: "accepted"; me: Me }
  | { says: "refused" }
  | { says: "unknown"; reason: string }

/** Asks `GET /v1/me` about a token. Never throws for what the server does. @throws CLIError `INTERRUPTED` */
export async function askServer(
  question: { token: string; origin: string; timeoutMs: number },
  settings: Settings,
  context: CommandContext,
): Promise<ServerSays> {
  const credential = { kind: "auth-token", secret: question.token, origin: question.origin } as const
  try {
    return {
      says: "accepted",
      me: await adminClientWith(credential, settings, context, question.timeoutMs).me(),
    }
  } catch (error) {
    if (!(error instanceof CLIError) || error.code === "INTERRUPTED") throw error
    if (error.status === 401) return { says: "refused" }
    return { says: "unknown", reason: error.message }
  }
}
