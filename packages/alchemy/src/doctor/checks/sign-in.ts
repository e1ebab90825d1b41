import { askServer } from "../../auth/ask-server.ts"
import { hasPassed } from "../../auth/resolve-auth-token.ts"
import { sameServer } from "../../config/server-urls.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import { moment } from "../../output/time.ts"
import { type Check, type Finding, NotLookedAt } from "../check.ts"
import type { Patient } from "../patient.ts"

/** A server that has just answered needs no longer, in milliseconds. */
const ASK_MS = 1000

/** Who is signed in by the local record, and what the server says of it. */
export const signIn: Check = {
  id: "sign-in",
  title: "sign-in",
  look: async (patient) => {
    const lookedAt = patient.offline ? "the local record" : "the local record, and the server's word"
    return { lookedAt, ...(await stateOf(patient)) }
  },
}

type State = Pick<Finding, "found" | "verdict" | "todo">

async function stateOf(patient: Patient): Promise<State> {
  const { context } = patient
  // As for every command, it comes before what is stored.
  const environment = context.env.ALCHEMY_AUTH_TOKEN?.trim()
  if (environment) {
    const anew = "Set ALCHEMY_AUTH_TOKEN anew, or unset it and use `alchemy auth login`."
    return serverSays("the token in ALCHEMY_AUTH_TOKEN", async () => environment, anew, patient)
  }
  const file = await patient.config()
  const stored = await file.store.signIn()
  const named = file.profile.name === "default" ? "" : ` --profile ${file.profile.name}`
  const again = `\`alchemy auth login${named}\` signs in.`
  if (stored === null) return { found: "not signed in", verdict: "note", todo: again }
  const who = stored.account === null ? "signed in" : `signed in as ${printable(stored.account.email, 100)}`
  const { expiresAt, server } = stored
  if (hasPassed(expiresAt, context.serverNow())) {
    return {
      found: `expired ${moment(expiresAt ?? "", context.serverNow())}`,
      verdict: "problem",
      todo: again,
    }
  }
  const settings = await patient.settings()
  if (server !== null && !sameServer(server, settings.authUrl)) {
    const found = `it belongs to ${printable(server, 100)}, but ${settings.authUrl} is configured`
    return { found, verdict: "problem", todo: again }
  }
  const until = expiresAt === null ? "" : `, until ${moment(expiresAt, context.serverNow())}`
  return serverSays(`${who}${until}`, () => tokenOf(patient), again, patient)
}

/** What the server says of a token. Whether it can be reached at all is another check's business, which is at it already. */
async function serverSays(
  who: string,
  tokenOf: () => Promise<string>,
  todo: string,
  patient: Patient,
): Promise<State> {
  if (patient.offline) return { found: `${who}; the server was not asked`, verdict: "ok" }
  const settings = await patient.settings()
  const [token, reached] = await Promise.all([tokenOf(), patient.adminServer().catch(() => null)])
  if (reached === null || !reached.reached) {
    return { found: `${who}; the server could not be asked`, verdict: "note" }
  }
  const question = { token, origin: "sign-in", timeoutMs: ASK_MS }
  const answer = await askServer(question, settings, patient.context)
  if (answer.says === "accepted") return { found: `${who}; the server accepts it`, verdict: "ok" }
  if (answer.says === "refused") {
    return { found: `${who}; the server does not accept it any more`, verdict: "problem", todo }
  }
  return { found: `${who}; the server gave no word on it: ${answer.reason}`, verdict: "note" }
}

async function tokenOf(patient: Patient): Promise<string> {
  try {
    const credential = await patient.credential()
    if (credential !== null) return credential.token
  } catch (error) {
    if (!(error instanceof CLIError)) throw error
  }
  throw new NotLookedAt("there is a sign-in, but the token cannot be read")
}
