import { pathForPeople } from "../../config/path.ts"
import { directoryProfile, type Profile, profileForPeople, resolveProfile } from "../../config/profile.ts"
import { printable } from "../../output/printable.ts"
import type { Check, Finding } from "../check.ts"

/** Whether the working directory, or one above it, names a profile. */
export const directoryFile: Check = {
  id: "directory-file",
  title: ".alchemy.json",
  look: async ({ context }) => {
    const named = directoryProfile(context)
    const lookedAt = ".alchemy.json in the working directory and above it"
    if (named === null) return { lookedAt, found: "none names a profile", verdict: "ok" }
    const path = pathForPeople(named.path, context.homeDirectory)
    return { lookedAt, found: `${path} names the profile ${printable(named.name, 64)}`, verdict: "ok" }
  },
}

/** Which profile commands use, who says so, and whether it is there. */
export const profile: Check = {
  id: "profile",
  title: "profile",
  look: async ({ context, config }) => {
    // Said here, where it is wrong; the other checks only pass over it.
    resolveProfile({}, context)
    const { profile: used, profiles, json } = await config()
    const lookedAt = "--profile, ALCHEMY_PROFILE, .alchemy.json, profile in the config file"
    const names = (await profiles()).map(({ name }) => name)
    const shadowed = typeof (await json.read()).profile === "string" && used.origin !== "config file"
    const found = [
      profileForPeople(used),
      names.length > 1 ? `of ${names.length}` : "",
      shadowed ? "which comes before profile in the config file" : "",
    ]
    return { lookedAt, found: found.filter(Boolean).join(", "), ...verdictOn(used, names) }
  },
}

function verdictOn(used: Profile, names: readonly string[]): Pick<Finding, "verdict" | "todo"> {
  if (names.includes(used.name)) return { verdict: "ok" }
  const others = names.slice(0, 5).join(", ")
  return {
    verdict: "note",
    todo: `Nothing is stored under that name yet. There are: ${others}. \`alchemy auth login --profile ${used.name}\` begins it.`,
  }
}
