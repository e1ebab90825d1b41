import type { CommandContext } from "../../command.ts"
import { printable } from "../../output/printable.ts"
import { type Check, type Fault, findingOf, NotLookedAt } from "../check.ts"
import type { Patient } from "../patient.ts"

/** Every variable of this command. */
export const KNOWN_VARIABLES: readonly string[] = [
  "ALCHEMY_ACCESS_KEY",
  "ALCHEMY_ADMIN_API_BASE_URL",
  "ALCHEMY_AUTH_TOKEN",
  "ALCHEMY_AUTH_URL",
  "ALCHEMY_CONFIG",
  "ALCHEMY_NON_INTERACTIVE",
  "ALCHEMY_NO_UPDATE_CHECK",
  "ALCHEMY_PROFILE",
]
/** So many letters may be wrong in what is taken for a misspelt name. */
const MOST_WRONG = 2

/** What the environment decides, in place of the sign-in or of the config file, and what it misspells. */
export const environment: Check = {
  id: "environment",
  title: "environment",
  look: async (patient) => {
    const { env } = patient.context
    const faults = [...(await outranking(patient)), ...secretFaults(env), ...misspelt(env)]
    const set = KNOWN_VARIABLES.filter((name) => env[name])
    const fine = set.length === 0 ? "nothing is set" : `${set.join(", ")} set; nothing outranks a sign-in`
    return findingOf("variables that begin with ALCHEMY_", fine, faults)
  },
}

async function outranking({ context, config }: Patient): Promise<Fault[]> {
  const { env } = context
  const file = await config().catch((error: unknown) => {
    if (error instanceof NotLookedAt) return null
    throw error
  })
  const signedIn = file !== null && (await file.store.signIn()) !== null
  const before = signedIn ? "it is used before the stored sign-in" : "it is used in place of a sign-in"
  const faults: Fault[] = []
  for (const name of ["ALCHEMY_ACCESS_KEY", "ALCHEMY_AUTH_TOKEN"]) {
    if (!env[name]) continue
    faults.push({
      verdict: "note",
      found: `${name} is set: ${before}`,
      todo: `Where that is not meant: \`unset ${name}\`.`,
    })
  }
  if (!env.ALCHEMY_ACCESS_KEY && typeof (await file?.values())?.["access-key"] === "string") {
    const todo = "Where that is not meant: `alchemy config reset access-key`."
    faults.push({ verdict: "note", found: `access-key in the config file is set: ${before}`, todo })
  }
  return faults
}

/** A secret that was pasted with more than itself. The secret is not repeated. */
function secretFaults(env: CommandContext["env"]): Fault[] {
  return ["ALCHEMY_ACCESS_KEY", "ALCHEMY_AUTH_TOKEN"].flatMap((name): Fault[] =>
    /[\s"'`]|[^\x20-\x7e]/.test(env[name]?.trim() ?? "")
      ? [
          {
            verdict: "problem",
            found: `${name} holds blanks, quotes or other characters that no such secret has`,
            todo: `Set ${name} anew, to the secret alone.`,
          },
        ]
      : [],
  )
}

function misspelt(env: CommandContext["env"]): Fault[] {
  return Object.keys(env).flatMap((name): Fault[] => {
    const meant = env[name] === undefined ? undefined : meantBy(name)
    if (meant === undefined) return []
    const found = `${printable(name, 60)} is not known to this command`
    return [{ verdict: "note", found, todo: `Did you mean ${meant}?` }]
  })
}

/** The variable that a name is a misspelling of. */
export function meantBy(name: string): string | undefined {
  if (KNOWN_VARIABLES.includes(name) || name.length > 40 || !/^alchem/i.test(name)) return undefined
  const upper = name.toUpperCase().replaceAll("-", "_")
  const [nearest] = KNOWN_VARIABLES.map((known) => ({ known, wrong: lettersWrong(upper, known) })).toSorted(
    (one, other) => one.wrong - other.wrong,
  )
  return nearest !== undefined && nearest.wrong <= MOST_WRONG ? nearest.known : undefined
}

/** How many letters have to be put in, taken out or changed to make one of the other (Levenshtein). */
function lettersWrong(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
