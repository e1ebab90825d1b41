import type { CredentialStore, JsonFile } from "@authchemy/cli-sign-in/credentials"
import { createFileCredentials, openJsonFile } from "@authchemy/cli-sign-in/credentials"
import type { Context } from "../context.ts"
import { CLIError } from "../errors.ts"
import { redact } from "../output/mask.ts"
import { printable } from "../output/printable.ts"
import { configPath, pathForPeople } from "./path.ts"

/** The configuration file and the credential that is kept in it. */
export type ConfigFile = {
  readonly path: string
  readonly json: JsonFile
  readonly store: CredentialStore
  /** What is reported where the file, or what stands beside it, could not be used. */
  failure(what: "read" | "written", cause: unknown): CLIError
}

/** Opens the configuration file at the first use and keeps it for the rest of the command. */
export type OpenConfig = () => Promise<ConfigFile>

/**
 * The configuration file of a context. Its operations throw CLIError `CREDENTIAL_STORE_ERROR` where the file cannot be
 * read or written; a file that cannot be parsed is put aside and told to `onWarning`.
 */
export function openConfigFile(
  context: Pick<Context, "env" | "homeDirectory" | "workingDirectory" | "now">,
  onWarning: (warning: string) => void,
): ConfigFile {
  const path = configPath(context)
  const shownPath = pathForPeople(path, context.homeDirectory)
  const file = openJsonFile({ path, onWarning, now: context.now })
  const failure: ConfigFile["failure"] = (what, cause) => {
    if (cause instanceof CLIError) return cause
    const reason = cause instanceof Error ? printable(redact(cause.message), 200) : "unknown reason"
    return new CLIError("CREDENTIAL_STORE_ERROR", `${shownPath} could not be ${what} (${reason}).`, {
      hint: "Check who owns the file and its directory, or name another with ALCHEMY_CONFIG.",
      cause,
    })
  }
  const failing = (what: "read" | "written") => (cause: unknown) => {
    throw failure(what, cause)
  }
  const json: JsonFile = {
    path,
    read: () => file.read().catch(failing("read")),
    update: (change) => file.update(change).catch(failing("written")),
  }
  const store = createFileCredentials({
    file: json,
    description: `config file ${shownPath}`,
    alsoClear: ["app"],
  })
  return { path, json, store, failure }
}
