import type { UnfinishedSignIn } from "@authchemy/cli-sign-in/credentials"
import { moment } from "../../output/time.ts"
import { type Check, type Fault, findingOf } from "../check.ts"
import type { Patient } from "../patient.ts"

const LATER = "Every later command tries again by itself."

/** Sign-outs that have not reached their server: the session goes on there until one does. */
export const pendingSignOuts: Check = {
  id: "pending-sign-outs",
  title: "pending sign-outs",
  look: async (patient) => {
    const { context } = patient
    const { store } = await patient.config()
    const pending = await store.pendingRevocations()
    const now = context.now()
    const due = pending.filter(({ notBefore }) => !(Date.parse(notBefore ?? "") > now))
    const faults: Fault[] = due.map(({ server, since }, index) => ({
      verdict: "problem",
      found: `the sign-out at ${server} of ${moment(since, now)} has not reached the server`,
      todo: index === 0 ? `${nowOrLater(patient, "tries now")} ${LATER}` : undefined,
    }))
    if (pending.length > due.length) {
      faults.push({
        verdict: "note",
        found: `${pending.length - due.length} replaced by a newer sign-in, to be ended soon`,
      })
    }
    const finding = findingOf("sign-outs that are pending", "all have reached their server", faults)
    return due.length === 0 || patient.offline ? finding : { ...finding, fix: () => delivered(patient) }
  },
}

/** Sign-ins that were cut off: of some it is not known whether they left a session. */
export const unfinishedSignIns: Check = {
  id: "unfinished-sign-ins",
  title: "cut-off sign-ins",
  look: async (patient) => {
    const { context } = patient
    const { store } = await patient.config()
    const unfinished = await store.unfinishedSignIns()
    const faults = unfinished.map((one) => faultOf(one, context.now(), patient))
    const lookedAt = "sign-ins that were cut off"
    const finding = findingOf(lookedAt, "none", faults)
    const lost = unfinished.filter((one) => one.lost)
    const ending = unfinished.some((one) => isEnding(one))
    if (lost.length === 0 && (!ending || patient.offline)) return finding
    return { ...finding, fix: () => seenTo(lost, ending && !patient.offline, patient) }
  },
}

function nowOrLater(patient: Patient, does: string): string {
  return patient.hasTriedToDeliver() ? "It was tried just now." : `\`alchemy auth doctor --fix\` ${does}.`
}

function isEnding(one: UnfinishedSignIn): boolean {
  return !one.lost && !(one.kind === "device" && one.handedOut !== undefined)
}

function faultOf(one: UnfinishedSignIn, now: number, patient: Patient): Fault {
  const what = `the sign-in at ${one.server} of ${moment(one.since, now)}`
  if (one.lost) {
    const todo = `Look at ${one.server}/sessions and end what you do not know; \`alchemy auth doctor --fix\` then forgets it.`
    return { verdict: "problem", found: `${what} was cut off, and may have left a session`, todo }
  }
  if (!isEnding(one)) {
    const todo = `\`alchemy auth login --complete ${one.id}\` finishes it.`
    return { verdict: "note", found: `${what} waits to be finished`, todo }
  }
  const todo = `${nowOrLater(patient, "ends what is left of it now")} ${LATER}`
  return { verdict: "problem", found: `${what} was cut off; what is left of it is still to be ended`, todo }
}

async function seenTo(
  lost: readonly UnfinishedSignIn[],
  ending: boolean,
  patient: Patient,
): Promise<string | undefined> {
  const { store } = await patient.config()
  for (const { id } of lost) await store.forgetUnfinishedSignIn(id)
  const forgotten =
    lost.length === 0
      ? undefined
      : `forgot ${lost.length} that may have left a session: look at ${serversOf(lost).join(" and ")}`
  const ended = ending ? await delivered(patient) : undefined
  return [forgotten, ended].filter(Boolean).join("; ") || undefined
}

function serversOf(unfinished: readonly UnfinishedSignIn[]): string[] {
  return Array.from(new Set(unfinished.map(({ server }) => `${server}/sessions`)))
}

async function delivered(patient: Patient): Promise<string | undefined> {
  const ended = await patient.deliver()
  return ended > 0 ? `${ended} ended on the server` : undefined
}
