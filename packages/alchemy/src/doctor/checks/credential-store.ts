import { type Keychain, KeychainError } from "@authchemy/cli-sign-in/credentials"
import type { ConfigFile } from "../../config/file.ts"
import { CLIError } from "../../errors.ts"
import { type Check, type Fault, findingOf } from "../check.ts"
import type { Patient } from "../patient.ts"

/** How long the keychain may take to remove what is of no use, in milliseconds. */
const SWEEP_MS = 800
/** No entry has this name: the question is only whether there is an answer. */
const PROBE_ENTRY = "doctor"

const ADVICE: Readonly<Record<KeychainError["problem"], string>> = {
  absent: "`alchemy config set credential-store file` keeps the sign-in in the config file.",
  locked: "Unlock it, or do without it: `alchemy config set credential-store file`, then sign in.",
  silent:
    "Restart it (or log in to the desktop anew), or do without it: `alchemy config set credential-store file`.",
  refused: "Allow this command there, or do without it: `alchemy config set credential-store file`.",
  missing: "The token is gone from it: `alchemy auth login --force` signs in again.",
}

/** Where the token is to be kept, where it is, and whether the keychain answers. */
export const credentialStore: Check = {
  id: "credential-store",
  title: "token store",
  look: async (patient) => {
    const file = await patient.config()
    const content = await file.json.read()
    const setting = content["credential-store"] ?? "auto"
    const stored = await file.store.signIn()
    const faults: Fault[] = []
    if (setting !== "auto" && setting !== "keychain" && setting !== "file") {
      const todo = "`alchemy config set credential-store auto`; the others are keychain and file."
      faults.push({ verdict: "problem", found: "credential-store is set to something unknown", todo })
    }
    const inKeychain = stored?.keptIn === "keychain"
    // One that is of no use to anybody is not waited for.
    const asked = inKeychain || setting !== "file"
    const problem = asked ? await keychainProblem(file, inKeychain, patient) : null
    if (problem !== null) {
      const needed = inKeychain || setting === "keychain"
      // Where nobody asked for one, having none is no fault.
      if (needed || problem.problem !== "absent") {
        const found = `the keychain cannot be used: ${problem.message}`
        faults.push({ verdict: needed ? "problem" : "note", found, todo: ADVICE[problem.problem] })
      }
    }
    const left = leftoversIn(content, patient.context.now())
    const canSweep = problem === null && file.keychain !== null
    if (left > 0) {
      const todo = canSweep
        ? "`alchemy auth doctor --fix` removes it."
        : "They go with the next command that finds a keychain that answers."
      faults.push({ verdict: "note", found: `${left} of its entries of no use any more`, todo })
    }
    const where = stored === null ? "no token is stored" : `the token is in the ${place(stored.keptIn)}`
    const answers = asked && problem === null ? `${file.keychain?.name} answers` : "no keychain is used"
    return {
      ...findingOf("credential-store, the token's place, the keychain", `${where}; ${answers}`, faults),
      ...(left > 0 && canSweep ? { fix: () => sweep(file, left, patient) } : {}),
    }
  },
}

const place = (keeper: "keychain" | "file") => (keeper === "file" ? "config file" : keeper)

/** `null`: it answers. */
async function keychainProblem(
  { keychain }: ConfigFile,
  inKeychain: boolean,
  patient: Patient,
): Promise<KeychainError | null> {
  if (keychain === null) return new KeychainError("absent", "there is none on this system")
  try {
    await (inKeychain ? patient.credential() : probe(keychain))
    return null
  } catch (error) {
    const cause = error instanceof CLIError ? error.cause : error
    if (cause instanceof KeychainError) return cause
    throw error
  }
}

async function probe(keychain: Keychain): Promise<void> {
  await keychain.read(PROBE_ENTRY)
}

/** How many entries can be removed by now: the others may still be in use by whoever writes them. */
function leftoversIn(content: Record<string, unknown>, now: number): number {
  const list: unknown = content.keychain_leftovers
  if (!Array.isArray(list)) return 0
  return list.filter((left: { notBefore?: unknown } | null) => {
    const notBefore = typeof left?.notBefore === "string" ? Date.parse(left.notBefore) : Number.NaN
    return !(notBefore > now)
  }).length
}

async function sweep(file: ConfigFile, left: number, { context }: Patient): Promise<string | undefined> {
  // The store sweeps whenever it forgets a note; there is none of this name.
  const swept = file.store.forgetUnfinishedSignIn(PROBE_ENTRY)
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SWEEP_MS)
  })
  await Promise.race([swept, limit])
  clearTimeout(timer)
  const gone = left - leftoversIn(await file.json.read(), context.now())
  return gone > 0 ? `${gone} removed from the keychain` : undefined
}
