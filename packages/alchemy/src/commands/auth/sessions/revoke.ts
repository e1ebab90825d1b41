import { digestOf } from "@authchemy/cli-sign-in/credentials"
import type { Session } from "@authchemy/protocol"
import { adminClientFromFlags } from "../../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../../command.ts"
import { CLIError } from "../../../errors.ts"
import { printable } from "../../../output/printable.ts"
import { resourceId } from "../../../resource-id.ts"
import { dryRun } from "../../apps/dry-run.ts"

/** As many characters as the beginning of an id must have to stand for it. */
const LEAST_PREFIX = 8
const LIST = "alchemy auth sessions"

export type RevokeOptions = { id: string; yes: boolean; dryRun: boolean }

export const command: Command<RevokeOptions> = {
  parse: ([id], raw) => ({
    id: resourceId(id, "a session", LIST),
    yes: raw.yes === true,
    dryRun: raw.dryRun === true,
  }),
  run: revokeRun,
}

/** Ends one session of the account. Its own one only once a person has confirmed it or with `--yes`; then it is cleared here too. */
export async function revokeRun(options: RevokeOptions, context: CommandContext): Promise<Result> {
  if (options.dryRun) return dryRun({ method: "DELETE", path: `/v1/sessions/${options.id}` }, context)
  const client = await adminClientFromFlags(context)
  const { id, device, current } = sessionNamed(options.id, await client.listSessions())
  if (!current) {
    await client.endSession(id)
    const machine = device.name === undefined ? "" : ` on ${printable(device.name)}`
    return endedResult({ id, current, cleared: false }, `Ended the session ${printable(id)}${machine}.`)
  }
  if (!options.yes) {
    if (!(await isAgreed(id, context))) {
      const data = { id, ended: false, current, cleared: false }
      return { data, text: () => "Nothing was ended.\n", sentenceOnly: true }
    }
  }
  const digest = await digestInUse(context)
  await client.endSession(id)
  return endedResult({ id, current, ...(await clearHere(digest, context)) }, "This session has ended.")
}

/** @throws CLIError `NOT_FOUND`, or `INVALID_ARGS` where several sessions begin alike */
function sessionNamed(name: string, sessions: readonly Session[]): Session {
  const exact = sessions.find(({ id }) => id === name)
  if (exact !== undefined) return exact
  const hint = `\`${LIST}\` shows what there is.`
  const alike = name.length < LEAST_PREFIX ? [] : sessions.filter(({ id }) => id.startsWith(name))
  const [session, other] = alike
  if (session === undefined) {
    throw new CLIError("NOT_FOUND", `No session has the id ${name}.`, {
      hint: `${hint} The first ${LEAST_PREFIX} characters or more stand for an id.`,
    })
  }
  if (other !== undefined) {
    throw new CLIError("INVALID_ARGS", `${alike.length} sessions have an id that begins with ${name}.`, {
      hint,
    })
  }
  return session
}

async function isAgreed(id: string, { flags, prompter }: CommandContext): Promise<boolean> {
  if (flags.interactive) return prompter.confirm("This is the session that is used here. End it?")
  throw new CLIError("INVALID_ARGS", "Ending the session that is used here needs --yes.", {
    hint: `If it is to be ended: alchemy auth sessions revoke ${id} --yes`,
  })
}

/** base64url of the SHA-256 of the token that is used here. */
async function digestInUse({ env, config }: CommandContext): Promise<string | null> {
  if (env.ALCHEMY_AUTH_TOKEN) return digestOf(env.ALCHEMY_AUTH_TOKEN.trim())
  return (await (await config()).store.signIn())?.digest ?? null
}

/** Clears the credential that is stored, as signing out does, if it was that of the session that has ended. */
async function clearHere(
  digest: string | null,
  { env, config }: CommandContext,
): Promise<{ cleared: boolean; warnings: string[] }> {
  const { store } = await config()
  const warnings = env.ALCHEMY_AUTH_TOKEN
    ? ["ALCHEMY_AUTH_TOKEN is set to its token, which is of no use any more; unset it."]
    : []
  if (digest === null || (await store.signIn())?.digest !== digest) return { cleared: false, warnings }
  const erased = await store.clear(digest)
  if (!erased) {
    warnings.push(
      "The keychain did not answer in time; what it keeps of the sign-in is removed by a later command.",
    )
  }
  return { cleared: true, warnings }
}

function endedResult(
  ended: { id: string; current: boolean; cleared: boolean; warnings?: string[] },
  sentence: string,
): Result {
  const { warnings = [], ...rest } = ended
  const here = ended.cleared ? " You are signed out here." : ""
  return {
    data: { ...rest, ended: true, ...(warnings.length === 0 ? {} : { warnings }) },
    text: (style) =>
      [
        `${style.green("✓")} ${sentence}${here}\n`,
        ...warnings.map((warning) => `${style.yellow("!")} ${warning}\n`),
      ].join(""),
    sentenceOnly: warnings.length === 0,
  }
}
