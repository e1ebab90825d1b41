import { isAbsolute, join, resolve, sep } from "node:path"
import type { Context } from "../context.ts"
import { CLIError } from "../errors.ts"

type Place = Pick<Context, "env" | "homeDirectory" | "workingDirectory">

/**
 * Where the configuration is kept: `ALCHEMY_CONFIG`, else under `XDG_CONFIG_HOME` (only if absolute), else `~/.config`.
 * @throws CLIError `CREDENTIAL_STORE_ERROR` where none of the three is there
 */
export function configPath(place: Place): string {
  const { ALCHEMY_CONFIG: named, XDG_CONFIG_HOME: base } = place.env
  if (named) return isAbsolute(named) ? resolve(named) : resolve(place.workingDirectory, named)
  if (base && isAbsolute(base)) return join(base, "alchemy", "config.json")
  const { homeDirectory } = place
  if (homeDirectory === "") {
    throw new CLIError("CREDENTIAL_STORE_ERROR", "There is no home directory to keep the configuration in.", {
      hint: "Set HOME to an absolute path, or ALCHEMY_CONFIG to a file of your choice.",
    })
  }
  return join(homeDirectory, ".config", "alchemy", "config.json")
}

/** A path as people know it: the home directory becomes `~`. */
export function pathForPeople(path: string, homeDirectory: string): string {
  return homeDirectory !== "" && path.startsWith(`${homeDirectory}${sep}`)
    ? `~${path.slice(homeDirectory.length)}`
    : path
}
