import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { CommandContext } from "../command.ts"
import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"
import { pathForPeople } from "./path.ts"

/** The profile whose settings and sign-in stand in the file itself, not under `profiles`. */
export const DEFAULT_PROFILE = "default"
/** What a directory names its profile in, for itself and all below it. */
export const DIRECTORY_FILE = ".alchemy.json"

/** Far more than a profile's name takes, in bytes. */
const MOST_BYTES = 16 * 1024
const NAME = /^[A-Za-z0-9][\w.@+-]{0,63}$/

type Content = Record<string, unknown>
type Place = Pick<CommandContext, "env" | "flags" | "homeDirectory" | "workingDirectory">

/** Which profile a command uses, and who said so: `--profile`, `ALCHEMY_PROFILE`, a file's path, `config file` or `default`. */
export type Profile = { readonly name: string; readonly origin: string }

/**
 * The profile of a command: `--profile`, else `ALCHEMY_PROFILE`, else `.alchemy.json` in the working directory or above it,
 * else `profile` in the configuration file, else `default`.
 * @throws CLIError `INVALID_ARGS` naming where a name that cannot be one came from
 */
export function resolveProfile(content: Content, place: Place): Profile {
  for (const { name, origin } of profileNamings(content, place)) {
    return { name: parseProfileName(name.trim(), origin), origin }
  }
  return { name: DEFAULT_PROFILE, origin: "default" }
}

/**
 * All that names a profile, what wins first, each name as it was given. Nothing is read before it is asked for.
 * @throws CLIError `INVALID_ARGS` where a `.alchemy.json` is not JSON
 */
export function* profileNamings(content: Content, place: Place): Generator<Profile, void> {
  const { flags, env, homeDirectory } = place
  if (flags.profile !== undefined) yield { name: flags.profile, origin: "--profile" }
  if (env.ALCHEMY_PROFILE) yield { name: env.ALCHEMY_PROFILE, origin: "ALCHEMY_PROFILE" }
  const directory = directoryProfile(place)
  if (directory !== null) yield { name: directory.name, origin: pathForPeople(directory.path, homeDirectory) }
  const { profile } = content
  if (typeof profile === "string" && profile !== "") yield { name: profile, origin: "config file" }
}

/** @throws CLIError `INVALID_ARGS` */
export function parseProfileName(name: string, origin: string): string {
  if (NAME.test(name)) return name
  throw new CLIError("INVALID_ARGS", `${origin} names no profile: ${printable(name, 60)}`, {
    hint: "A profile's name is 1 to 64 letters, digits and . _ @ + -, and begins with a letter or digit.",
  })
}

/** The nearest `.alchemy.json` that names a profile, from the working directory up. */
export function directoryProfile(place: Place): { name: string; path: string } | null {
  let directory: string
  try {
    directory = place.workingDirectory
  } catch {
    // It has been removed.
    return null
  }
  for (;;) {
    const path = join(directory, DIRECTORY_FILE)
    const content = directoryFile(path, place)
    if (typeof content?.profile === "string" && content.profile !== "") return { name: content.profile, path }
    const above = dirname(directory)
    if (above === directory) return null
    directory = above
  }
}

/**
 * The object in a `.alchemy.json`; `null` where there is none, where it cannot be read, or is another user's. Nothing but a profile is taken
 * from it: it may have come with somebody else's repository.
 * @throws CLIError `INVALID_ARGS` where it is not JSON
 */
export function directoryFile(path: string, place: Pick<Place, "homeDirectory">): Content | null {
  let text: string
  try {
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const status = fstatSync(descriptor)
      if (!status.isFile() || status.size > MOST_BYTES || isSomebodyElses(status.uid)) return null
      text = readFileSync(descriptor, "utf8")
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return null
  }
  try {
    const content: unknown = JSON.parse(text.replace(/^\uFEFF/, ""))
    if (isObject(content)) return content
  } catch {}
  throw new CLIError(
    "INVALID_ARGS",
    `${pathForPeople(path, place.homeDirectory)} does not hold a JSON object.`,
    {
      hint: 'It should look like { "profile": "work" }. Mend or remove it, or name a profile with --profile.',
    },
  )
}

/** Anybody can put a file into `/tmp`. Root works in other people's directories, and is served as they are. */
function isSomebodyElses(owner: number): boolean {
  const user = process.getuid?.() ?? 0
  return user !== 0 && owner !== user && owner !== 0
}

/** Where a profile's settings stand in the file; `null` where there are none, unless `create`. */
export function profileSection(content: Content, name: string, create: boolean): Content | null {
  if (name === DEFAULT_PROFILE) return content
  const { profiles } = content
  const section = isObject(profiles) && Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (isObject(section)) return section
  if (!create) return null
  const made: Content = {}
  content.profiles = { ...(isObject(profiles) ? profiles : {}), [name]: made }
  return made
}

/** A profile for people, with who named it where anybody did: `work (ALCHEMY_PROFILE)`. */
export function profileForPeople({ name, origin }: Profile): string {
  return origin === "default" ? name : `${name} (${origin})`
}

/** Every profile there is, the default one first. */
export function profileNames(content: Content): string[] {
  const { profiles } = content
  const named = isObject(profiles) ? Object.keys(profiles).filter((name) => NAME.test(name)) : []
  return [DEFAULT_PROFILE, ...named.filter((name) => name !== DEFAULT_PROFILE).toSorted()]
}

function isObject(value: unknown): value is Content {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
