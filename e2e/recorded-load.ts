import type { Call, History, RevocationEvent } from "../packages/tokens/src/revocation/testing/history.ts"
import type { Asked, FaultyWorld } from "./faulty-world.ts"

/** How many ask at the same time, and how many revoke. */
const ASKERS = 8
const REVOKERS = 3
/** How many sessions live at a time. */
const LIVE = 40
/** Who is held up longer than this is given up by whoever asks. */
const LIMIT_MS = 5_000
/** How long things may take to mend. */
const MENDING_MS = 3_000

type Signed = { name: string; token: string; isEnding: boolean }

/** What was done to the world, and how often. */
export type Recorded = { history: History; faults: Map<string, number> }

/** Signs in, asks and revokes while things go wrong, for some time; then all is mended, and everybody is asked about everything. All times are of this process's monotonic clock. */
export async function recordLoad(world: FaultyWorld, ms: number): Promise<Recorded> {
  const { random, processes } = world
  const calls: Call[] = []
  const revocations: RevocationEvent[] = []
  const signedIn = new Map<string, number>()
  const sessions: Signed[] = []
  const faults = new Map<string, number>()
  const end = performance.now() + ms
  const isOver = () => performance.now() >= end
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[Math.floor(random.next() * items.length)]

  const ask = async (one: Asked, session: Signed) => {
    const call: Call = {
      ...{ session: session.name, node: processes.indexOf(one), begin: performance.now() },
      ...{ end: Number.POSITIVE_INFINITY, answer: "none" },
    }
    calls.push(call)
    const status = await statusOf(one.url, session.token)
    if (status === null) return
    Object.assign(call, { end: performance.now(), answer: ANSWERS[status] ?? "unavailable" })
  }

  const asker = async () => {
    while (!isOver()) {
      // Those of late, whether they live or not.
      const [one, session] = [pick(processes), pick(sessions.slice(-2 * LIVE))]
      if (one === undefined || session === undefined) await pause(5)
      else await ask(one, session)
    }
  }

  const signer = async () => {
    while (!isOver()) {
      if (sessions.filter(({ isEnding }) => !isEnding).length >= LIVE) await pause(5)
      else
        await world.signIn().then(
          (token) => {
            const name = `session ${sessions.length}`
            sessions.push({ name, token, isEnding: false })
            signedIn.set(name, performance.now())
          },
          () => pause(20),
        )
    }
  }

  const revoker = async () => {
    while (!isOver()) {
      const [one, session] = [pick(processes), pick(sessions.filter(({ isEnding }) => !isEnding))]
      if (one?.logoutUrl && session !== undefined) await revoke(one.logoutUrl, session)
      await pause(random.between(0, 60))
    }
  }

  const revoke = async (url: string, session: Signed) => {
    session.isEnding = true
    const names = [session.name]
    const event: RevocationEvent = {
      ...{ sessions: names, mayEnd: names, begin: performance.now() },
      ...{ end: Number.POSITIVE_INFINITY, outcome: "pending" },
    }
    revocations.push(event)
    const status = await statusOf(url, session.token, "POST")
    Object.assign(event, { end: performance.now(), outcome: status === 200 ? "acknowledged" : "failed" })
    // Who was told that nothing is known tries again.
    if (status !== 200) session.isEnding = status === 401
    else for (let round = 0; round < 2; round++) await Promise.all(processes.map((one) => ask(one, session)))
  }

  const fate = async () => {
    while (!isOver()) {
      await pause(random.between(100, 600))
      const fault = pick(world.faults())
      if (fault === undefined) continue
      faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1)
      await fault.happen()
    }
  }

  await Promise.all([
    ...[fate(), signer()],
    ...Array.from({ length: ASKERS }, asker),
    ...Array.from({ length: REVOKERS }, revoker),
  ])
  await pause(MENDING_MS)
  const calmFrom = performance.now()
  for (const session of sessions.slice(-3 * LIVE)) {
    await Promise.all(processes.map((one) => ask(one, session)))
  }
  const lost = new Map<string, number>()
  return { history: { calls, revocations, signedIn, lost, undone: new Set(), calmFrom }, faults }
}

const ANSWERS: Record<number, Call["answer"]> = { 200: "accepted", 401: "refused" }

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** `null` where there was no answer. */
async function statusOf(url: string, token: string, method = "GET"): Promise<number | null> {
  try {
    const response = await fetch(url, {
      ...{ method, headers: { authorization: `Bearer ${token}` } },
      signal: AbortSignal.timeout(LIMIT_MS),
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return null
  }
}
