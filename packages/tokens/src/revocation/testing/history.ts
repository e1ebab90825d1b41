import { LAPSE_MS } from "../lease.ts"

/** A call with a token; `none` where its process was killed before it answered. Times are milliseconds of the one true clock. */
export type Call = {
  session: string
  node: number
  begin: number
  end: number
  answer: "accepted" | "refused" | "unavailable" | "none"
}

/** A revocation of all sessions that it was to end; `failed` where whoever asked was told that nothing is known, `lost` where its process was killed. */
export type RevocationEvent = {
  /** Those that lived when it began. */
  sessions: readonly string[]
  /** Those that it may have ended. */
  mayEnd: readonly string[]
  begin: number
  end: number
  outcome: "pending" | "acknowledged" | "failed" | "lost"
}

/** What happened, as seen from outside: nothing is known here of how it came about. */
export type History = {
  calls: readonly Call[]
  revocations: readonly RevocationEvent[]
  /** When somebody was told that he is signed in, by session. */
  signedIn: ReadonlyMap<string, number>
  /** Sessions that a failover may have lost, and when: whoever ends one afterwards is told that there is none, and memory has it for one lease. */
  lost: ReadonlyMap<string, number>
  /** Revocations that were acknowledged before a failover which lost them; known only where replicas are not waited for. */
  undone: ReadonlySet<string>
  /** From this moment on nothing is wrong, and things have had time to mend. */
  calmFrom: number
}

/** What is wrong with a history, in words; nothing where all is well. */
export function faultsOf(history: History): string[] {
  return [...acceptedAfterRevocation(history), ...refusedAlive(history), ...undecided(history)]
}

/** No call that began after a revocation was acknowledged is accepted. */
function acceptedAfterRevocation({ calls, revocations, lost, undone, calmFrom }: History): string[] {
  const acknowledged = new Map<string, number>()
  for (const { sessions, end, outcome } of revocations) {
    if (outcome !== "acknowledged") continue
    for (const session of sessions) {
      acknowledged.set(session, Math.min(end, acknowledged.get(session) ?? Number.POSITIVE_INFINITY))
    }
  }
  return calls.flatMap(({ session, node, begin, answer }) => {
    const dead = acknowledged.get(session) ?? Number.POSITIVE_INFINITY
    if (answer !== "accepted" || begin <= dead) return []
    if (undone.has(session) && begin < calmFrom) return []
    if (begin < (lost.get(session) ?? Number.NEGATIVE_INFINITY) + LAPSE_MS) return []
    const late = (begin - dead).toFixed(1)
    return [
      `${session} was accepted at node ${node} by a call that began ${late} ms after its end was acknowledged`,
    ]
  })
}

/** A session that nobody has begun to end is never refused, and in calm it is accepted. */
function refusedAlive({ calls, revocations, signedIn, lost, calmFrom }: History): string[] {
  const ending = new Map<string, number>()
  for (const { mayEnd, begin } of revocations) {
    for (const session of mayEnd) {
      ending.set(session, Math.min(begin, ending.get(session) ?? Number.POSITIVE_INFINITY))
    }
  }
  return calls.flatMap(({ session, node, begin, end, answer }) => {
    const since = signedIn.get(session) ?? Number.POSITIVE_INFINITY
    const isAlive = begin > since && end < (ending.get(session) ?? Number.POSITIVE_INFINITY)
    if (isAlive && answer === "refused" && !lost.has(session))
      return [`${session} was refused at node ${node} at ${end.toFixed(1)} while it lived`]
    if ((answer === "unavailable" || answer === "none") && begin > calmFrom)
      return [`nothing was known of ${session} at node ${node} in calm`]
    return []
  })
}

/** Whoever revokes is told how it ended. */
function undecided({ revocations }: History): string[] {
  return revocations
    .filter(({ outcome }) => outcome === "pending")
    .map(({ sessions }) => `a revocation of ${sessions.join(", ")} never ended`)
}
