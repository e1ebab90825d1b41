import { lstat, open, realpath, rename, unlink } from "node:fs/promises"
import { dirname, isAbsolute, join, relative, sep } from "node:path"
import type { CommandContext } from "../command.ts"
import { CLIError } from "../errors.ts"
import { printable } from "../output/printable.ts"
import { pathForPeople } from "./path.ts"
import { DIRECTORY_FILE, directoryFile } from "./profile.ts"

type Place = Pick<CommandContext, "homeDirectory" | "workingDirectory">

/** Where a directory's profile is named: the directory, and the file in it. */
export type DirectoryPlace = { directory: string; path: string }

/**
 * Where to name the profile of the working directory: the nearest `.alchemy.json` that there is from there up, else one in the
 * directory itself. The home directory and all above it are left out: what stands there holds for nearly everything. So is a
 * file of another user, as anybody can put one into `/tmp`.
 * @throws CLIError `INVALID_ARGS` where the working directory is one of those, or has been removed
 */
export async function placeOfDirectoryFile(place: Place): Promise<DirectoryPlace> {
  const here = workingDirectory(place)
  // The working directory is known by its real name.
  const home = await realpath(place.homeDirectory).catch(() => place.homeDirectory)
  if (isAtOrAbove(here, home)) {
    throw new CLIError(
      "INVALID_ARGS",
      `A profile named in ${here === home ? "the home directory" : printable(here)} would hold for nearly everything.`,
      {
        hint: "Go to the directory of a project, or give --default to use the profile wherever nothing else names one.",
      },
    )
  }
  for (let directory = here; ; ) {
    const path = join(directory, DIRECTORY_FILE)
    if ((await kindOf(path)) !== "none") {
      if (directory === here || (await ownerOf(path)) === (await ownerOf(here))) return { directory, path }
      break
    }
    const above = dirname(directory)
    if (above === directory || isAtOrAbove(above, home)) break
    directory = above
  }
  return { directory: here, path: join(here, DIRECTORY_FILE) }
}

/**
 * Names a profile in a `.alchemy.json`, and keeps what else stands in it. Written whole to a neighbour and renamed; a
 * symbolic link is not followed.
 * @throws CLIError `INVALID_ARGS` where what is there is no file that can be kept, `CREDENTIAL_STORE_ERROR` where it cannot be written
 */
export async function nameDirectoryProfile(path: string, name: string, place: Place): Promise<void> {
  const shown = pathForPeople(path, place.homeDirectory)
  const kind = await kindOf(path)
  const refuse = (what: string) =>
    new CLIError("INVALID_ARGS", `${shown} ${what}. It is left as it is.`, {
      hint: "Put a file of its own there or remove it, or name a profile with --profile.",
    })
  if (kind === "link") throw refuse("is a symbolic link")
  if (kind === "other") throw refuse("is not a file")
  const content = kind === "none" ? {} : directoryFile(path, place)
  if (content === null) throw refuse("cannot be read")
  try {
    await replace(path, `${JSON.stringify({ ...content, profile: name }, null, 2)}\n`)
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason"
    throw new CLIError("CREDENTIAL_STORE_ERROR", `${shown} could not be written (${code}).`, {
      hint: "Check who owns the directory, or name a profile with --profile or ALCHEMY_PROFILE.",
      cause,
    })
  }
}

function workingDirectory(place: Place): string {
  try {
    return place.workingDirectory
  } catch (cause) {
    throw new CLIError("INVALID_ARGS", "The working directory has been removed.", {
      hint: "Go to another one, or give --default.",
      cause,
    })
  }
}

function isAtOrAbove(directory: string, homeDirectory: string): boolean {
  if (homeDirectory === "") return dirname(directory) === directory
  const way = relative(directory, homeDirectory)
  // On Windows there is no way from one drive to another.
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function ownerOf(path: string): Promise<number> {
  return lstat(path).then(
    ({ uid }) => uid,
    () => -1,
  )
}

async function kindOf(path: string): Promise<"none" | "file" | "link" | "other"> {
  try {
    const status = await lstat(path)
    return status.isFile() ? "file" : status.isSymbolicLink() ? "link" : "other"
  } catch {
    return "none"
  }
}

/** Others may read it: it holds no secret, and often belongs to a repository. */
async function replace(path: string, text: string): Promise<void> {
  const mode = await lstat(path).then(
    (status) => status.mode & 0o777,
    () => 0o644,
  )
  const neighbour = `${path}.tmp-${process.pid}-${crypto.randomUUID().slice(0, 8)}`
  try {
    const handle = await open(neighbour, "wx", mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(neighbour, path)
  } catch (error) {
    await unlink(neighbour).catch(() => {})
    throw error
  }
}
