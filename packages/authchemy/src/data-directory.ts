import { accessSync, constants, existsSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { ConfigError } from "./config-error.ts"

/**
 * Makes the data directory where it is missing, for this user alone (mode 0700), and the directories above it.
 * @param path absolute
 * @throws ConfigError naming `AUTHCHEMY_DATA_DIR`
 */
export function prepareDataDirectory(path: string): void {
  try {
    makeDirectory(path)
    // The dot asks for a directory: a file of this name is ENOTDIR.
    accessSync(`${path}/.`, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const message = `must be a directory that this user can write to, got ${JSON.stringify(path)} (${codeOf(error)})`
    throw new ConfigError([{ variable: "AUTHCHEMY_DATA_DIR", message }])
  }
}

/** `mkdirSync` with `recursive` goes round in circles where a file system says ENOENT under a directory that is there, as /proc does. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const code = codeOf(error)
    if (code === "EEXIST") return
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error
    makeDirectory(dirname(path))
    makeDirectory(path)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unusable"
}
