// A process of its own that holds the sessions of one store, and measures on command what they cost. Arguments: a JSON `MeterOptions`. It answers each message, a
// `MeterCommand`, with one.
import { setTimeout as delay, setImmediate as letOthersRun } from "node:timers/promises"
import { createTokenService, digestOf, openStore, type TokenService } from "@authchemy/tokens"
import { shuffled } from "../statistics.ts"
import type { MeterCommand, MeterOptions, MeterReply } from "./meters.ts"
import { grantOf, persistently } from "./seed.ts"
import { readTokens } from "./token-list.ts"

const IN_FLIGHT = 32
/** How many sessions are issued, and then ended: few, so that the smallest store stays about as large as it is. */
const BATCH = 100
/** After so many calls the clock is looked at, and timers and sockets have their turn, as they have between the requests of a server. */
const STRIDE = 256

const options = JSON.parse(process.argv[2] ?? "{}") as MeterOptions
const tokens = readTokens(options.tokensPath)
const order = shuffled(tokens.count)
let cursor = 0
const nextToken = () => tokens.at(order[cursor++ % tokens.count] ?? 0)

async function openEngine(heldSessions: number): Promise<TokenService> {
  const { sqlitePath, redisUrl } = options
  const engineOptions = { store: await openStore({ sqlitePath, redisUrl }), heldSessions }
  return createTokenService(engineOptions)
}

/** Has workers call `work` until it says that there is no more. */
async function inFlight(work: () => Promise<boolean>): Promise<void> {
  let calls = 0
  const worker = async () => {
    while (await work()) if (++calls % STRIDE === 0) await letOthersRun()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

async function mustLive(engine: TokenService, token: string): Promise<void> {
  if ((await engine.verify(token)) === null) throw new Error("a live token was refused")
}

const memory = () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { used: heapUsed + external, rss }
}

/** Verifies every token once; resolves with what the process takes after that. */
async function fill(engine: TokenService): Promise<MeterReply> {
  // The first call has the engine follow the feed of revocations, before which it holds nothing.
  for (await mustLive(engine, tokens.at(0)); !engine.stats().following; ) await delay(10)
  const before = memory()
  let left = tokens.count
  await inFlight(async () => {
    if (left-- <= 0) return false
    const token = nextToken()
    await persistently(() => mustLive(engine, token))
    return true
  })
  const after = memory()
  return { bytesASession: (after.used - before.used) / tokens.count, megabytes: after.rss / 2 ** 20 }
}

/** Calls a second of a piece of work that is done again and again, one at a time. */
async function perSecond(ms: number, work: () => Promise<void> | void): Promise<number> {
  const started = performance.now()
  let done = 0
  for (let now = started; now < started + ms; now = performance.now()) {
    for (let index = 0; index < STRIDE; index++) await work()
    await letOthersRun()
    done += STRIDE
  }
  return done / ((performance.now() - started) / 1000)
}

/** Digests a second, without a promise in between: the least that `verify` can cost. */
function digestsPerSecond(ms: number): number {
  const started = performance.now()
  let done = 0
  for (; performance.now() < started + ms; done += STRIDE) {
    for (let index = 0; index < STRIDE; index++) digestOf(nextToken())
  }
  return done / ((performance.now() - started) / 1000)
}

/** Verifications a second by an engine that holds next to nothing: nearly every call reads the store. */
async function firstSightPerSecond(ms: number): Promise<number> {
  const engine = await openEngine(1)
  try {
    const count = async (until: number) => {
      let done = 0
      await inFlight(async () => {
        if (performance.now() >= until) return false
        await mustLive(engine, nextToken())
        done++
        return true
      })
      return done
    }
    await count(performance.now() + ms / 5)
    const started = performance.now()
    return (await count(started + ms)) / ((performance.now() - started) / 1000)
  } finally {
    await engine.close()
  }
}

/** Issues some sessions and ends them, again and again; resolves with how many of each a second. */
async function issueAndRevoke(engine: TokenService, ms: number): Promise<MeterReply> {
  const spent = { issue: 0, revoke: 0 }
  const timed = async (step: "issue" | "revoke", work: () => Promise<boolean>) => {
    const started = performance.now()
    await inFlight(work)
    spent[step] += performance.now() - started
  }
  const accounts = Math.ceil(tokens.count / options.sessionsPerAccount)
  let batches = 0
  for (; spent.issue + spent.revoke < ms; batches++) {
    const issued: string[] = []
    const grants = Array.from({ length: BATCH }, () => grantOf(Math.floor(Math.random() * accounts)))
    await timed("issue", async () => {
      const grant = grants.pop()
      if (grant === undefined) return false
      issued.push((await engine.createSession(grant)).token)
      return true
    })
    await timed("revoke", async () => {
      const token = issued.pop()
      if (token === undefined) return false
      if (!(await engine.revoke(token))) throw new Error("a live session was not found")
      return true
    })
  }
  const rate = (milliseconds: number) => (batches * BATCH) / (milliseconds / 1000)
  return { issue: rate(spent.issue), revoke: rate(spent.revoke) }
}

// A bound of twice as many: the younger half of what is held has room for all of them.
/** Verifications a second, one after the other, and the share of them that was answered from memory. */
async function heldPerSecond(ms: number): Promise<MeterReply> {
  const before = engine.stats().verifications
  const figure = await perSecond(ms, () => mustLive(engine, nextToken()))
  const after = engine.stats().verifications
  const [held, read] = [after.held - before.held, after.read - before.read]
  return { perSecond: figure, heldShare: held / (held + read) }
}

const engine = await openEngine(2 * tokens.count + 10_000)
const commands: Record<MeterCommand["work"], (ms: number) => Promise<MeterReply>> = {
  fill: () => fill(engine),
  digest: async (ms) => ({ perSecond: digestsPerSecond(ms) }),
  held: (ms) => heldPerSecond(ms),
  "first sight": async (ms) => ({ perSecond: await firstSightPerSecond(ms) }),
  "issue and revoke": (ms) => issueAndRevoke(engine, ms),
}
process.on("message", async ({ work, ms }: MeterCommand) => {
  process.send?.(await commands[work](ms))
})
process.on("disconnect", () => process.exit(0))
process.send?.({})
