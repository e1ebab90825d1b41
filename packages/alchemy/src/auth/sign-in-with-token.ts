import { digestOf } from "@authchemy/cli-sign-in/credentials"
import type { CommandContext } from "../command.ts"
import type { ConfigFile } from "../config/file.ts"
import { keychainFailure } from "../config/file.ts"
import type { Settings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import { readStdin } from "../output/stdin.ts"
import { ASK_TIMEOUT_MS, askServer } from "./ask-server.ts"
import { endReplacedSession, supersededBy, toBeReplaced } from "./replaced-session.ts"
import { type SignedIn, withSignInLock } from "./sign-in.ts"

/** The longest token that is read, in bytes. */
const MOST_BYTES = 4096

/**
 * Stores a token that is given on stdin, once the server has said whose it is.
 * @throws CLIError `INVALID_ARGS` where stdin holds no token, `AUTH_REQUIRED` where the server refuses it, `NETWORK_ERROR`
 */
export async function signInWithToken(
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<SignedIn> {
  const token = (await readStdin(context, { what: "The token", mostBytes: MOST_BYTES })).trim()
  if (!/^[\x21-\x7e]{8,}$/.test(token)) {
    throw new CLIError("INVALID_ARGS", "There is no token on stdin.", {
      hint: "For example: alchemy auth login --with-token < token.txt",
    })
  }
  const timeoutMs = context.flags.timeoutMs ?? 5 * ASK_TIMEOUT_MS
  const answer = await askServer({ token, origin: "stdin", timeoutMs }, settings, context)
  if (answer.says === "refused") {
    throw new CLIError("AUTH_REQUIRED", "The server does not accept the token; nothing was stored.", {
      hint: "Check that it is complete and for this server, or run `alchemy auth login`.",
    })
  }
  if (answer.says === "unknown") {
    throw new CLIError(
      "NETWORK_ERROR",
      `The token could not be checked, so it was not stored: ${answer.reason}`,
      {
        hint: "Try again when the server can be reached.",
      },
    )
  }
  const { account, credential: used } = answer.me
  if (used.type !== "session") {
    throw new CLIError(
      "INVALID_ARGS",
      "This is an access key, not a token of a sign-in; nothing was stored.",
      {
        hint: "Run `alchemy config set access-key -` to keep an access key.",
      },
    )
  }
  const { id: sessionId, expiresAt } = used.session
  const credential = { token, expiresAt, server: settings.authUrl }
  const expiresInSeconds = Math.max(0, Math.floor((Date.parse(expiresAt) - context.serverNow()) / 1000))
  const login = { attemptId: "", credential, sessionId, account, expiresInSeconds }
  return withSignInLock(config, context, async () => {
    const stored = await toBeReplaced(config.store)
    // The token that is stored already, perhaps in a keychain that cannot be read, replaces nothing.
    const replaced = stored?.signIn.digest === digestOf(token) ? null : stored
    const supersedes = supersededBy(replaced, settings, context)
    const kept = await config.store
      .save(credential, { account, ...(supersedes === null ? {} : { supersedes }) })
      .catch((cause: unknown) => {
        throw keychainFailure(cause)
      })
    if (replaced !== null) await endReplacedSession(replaced, login, settings, config, context)
    return { ...login, kept }
  })
}
