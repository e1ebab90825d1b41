import { isAbsolute, join, resolve } from "node:path"
import type { Context } from "../context.ts"

type Place = Pick<Context, "env" | "homeDirectory" | "workingDirectory">

/** Where the configuration is kept: `ALCHEMY_CONFIG`, else under `XDG_CONFIG_HOME` (only if absolute), else `~/.config`. */
export function configPath({ env, homeDirectory, workingDirectory }: Place): string {
  if (env.ALCHEMY_CONFIG) return resolve(workingDirectory, env.ALCHEMY_CONFIG)
  const base = env.XDG_CONFIG_HOME
  const directory = base && isAbsolute(base) ? base : join(homeDirectory, ".config")
  return join(directory, "alchemy", "config.json")
}

/** A path as people know it: the home directory becomes `~`. */
export function pathForPeople(path: string, homeDirectory: string): string {
  return path.startsWith(`${homeDirectory}/`) ? `~${path.slice(homeDirectory.length)}` : path
}
