import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService, type TokenService } from "@authchemy/tokens"
import { afterAll, beforeAll, expect, test } from "vitest"
import { LEASE_MS } from "../packages/tokens/src/revocation/lease.ts"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { startRedis } from "./start-redis.ts"
import { openTcpRelay } from "./tcp-relay.ts"

const PARTITIONS = Number(process.env.AUTHCHEMY_TEST_PARTITIONS ?? 125)
/** Tokens in each partition, each revoked at a moment of its own. */
const TOKENS = 8
const TRIALS = PARTITIONS * TOKENS
/** Verifiers that are tried side by side. */
const AT_ONCE = 10

let redis: Awaited<ReturnType<typeof startRedis>>
let elsewhere: TokenService
beforeAll(async () => {
  redis = await startRedis()
  elsewhere = await serviceAt(redis.url)
})
afterAll(async () => {
  await elsewhere.close()
  await redis.stop()
})

const serviceAt = async (url: string) =>
  createTokenService({ store: await openRedisStore({ url, onError: () => {} }), onError: () => {} })

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** What a verifier answered, and when the call began. */
type Answer = { begin: number; answer: "held" | "read" | "refused" | "unavailable" | "asks the store" }

/** A verifier behind a relay, which comes back on new connections after each trial. */
async function openVerifier() {
  const relay = await openTcpRelay({ hostname: "127.0.0.1", port: redis.port })
  const verifier = await serviceAt(`redis://127.0.0.1:${relay.port}`)
  const close = async () => {
    await verifier.close()
    await relay.close()
  }
  return { relay, verifier, close }
}

/** Asks a verifier all the time, from memory each time and from the store now and then, until it is told to stop. */
function askAllTheTime(verifier: TokenService, token: string) {
  const answers: Answer[] = []
  const reads: Promise<unknown>[] = []
  let isOver = false
  const read = (begin: number) =>
    verifier.verify(token).then(
      (session) => answers.push({ begin, answer: session === null ? "refused" : "read" }),
      () => answers.push({ begin, answer: "unavailable" }),
    )
  const asking = (async () => {
    for (let round = 0; !isOver; round++) {
      const begin = performance.now()
      const held = verifier.verifyHeld(token)
      if (held === undefined) answers.push({ begin, answer: "asks the store" })
      else answers.push({ begin, answer: held === null ? "refused" : "held" })
      if (held === undefined && round % 20 === 0) reads.push(read(begin))
      await pause(2)
    }
  })()
  return async () => {
    isOver = true
    await asking
    await Promise.all(reads)
    return answers
  }
}

/** A token that the verifier answers from memory. */
async function heldToken(verifier: TokenService): Promise<string> {
  const accountId = `account-${Math.random()}`
  const grant = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 600, device: {} }
  const { token } = await elsewhere.createSession(grant)
  while (verifier.verifyHeld(token) === undefined) {
    await verifier.verify(token).catch(() => {})
    await pause(5)
  }
  return token
}

/** The verifier's connections fall silent at some moment while tokens are revoked elsewhere. */
async function partition({ relay, verifier }: Awaited<ReturnType<typeof openVerifier>>) {
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => heldToken(verifier)))
  const asked = tokens.map((token) => askAllTheTime(verifier, token))
  const cut = { at: Number.POSITIVE_INFINITY }
  await pause(Math.random() * 100)
  const freezing = pause(Math.random() * 60).then(() => {
    relay.freeze()
    cut.at = performance.now()
  })
  const revoking = tokens.map(async (token) => {
    await pause(Math.random() * 60)
    const revoked = await elsewhere.revoke(token).catch(() => false)
    return { revoked, revokedAt: performance.now() }
  })
  const revocations = await Promise.all(revoking)
  await freezing
  await pause(50)
  relay.thaw()
  await pause(50)
  const answers = await Promise.all(asked.map((stop) => stop()))
  return revocations.map((revocation, index) => ({
    ...revocation,
    frozenAt: cut.at,
    answers: answers[index] ?? [],
  }))
}

test("S52 a verifier that is cut off without a word, a thousand times: nothing is accepted past its lease, nor after the revocation", async () => {
  const trials: Awaited<ReturnType<typeof partition>> = []
  const verifiers: Awaited<ReturnType<typeof openVerifier>>[] = []
  for (let opened = 0; opened < AT_ONCE; opened++) verifiers.push(await openVerifier())
  let begun = 0
  const work = async (one: (typeof verifiers)[number]) => {
    while (begun++ < PARTITIONS) trials.push(...(await partition(one)))
  }
  await Promise.all(verifiers.map(work))
  await Promise.all(verifiers.map(({ close }) => close()))
  const isAccepted = ({ answer }: Answer) => answer === "held" || answer === "read"
  const after = (from: (one: (typeof trials)[number]) => number) =>
    trials.flatMap((one) => one.answers.filter((answer) => isAccepted(answer) && answer.begin > from(one)))
  const counts = new Map<string, number>()
  for (const { answer } of trials.flatMap(({ answers }) => answers)) {
    counts.set(answer, (counts.get(answer) ?? 0) + 1)
  }
  const silent = trials.filter(({ revokedAt, frozenAt }) => revokedAt - frozenAt > LEASE_MS - 150)
  console.log(
    `${PARTITIONS} partitions, ${trials.length} tokens: ${trials.filter(({ revoked }) => revoked).length} revocations acknowledged, ` +
      `${silent.length} of them after the lease of a silent verifier; answers: ` +
      [...counts].map(([answer, count]) => `${count} ${answer}`).join(", ") +
      `; ${after(({ frozenAt }) => frozenAt).length} accepted within the lease after the cut`,
  )
  expect(after(({ revokedAt }) => revokedAt)).toEqual([])
  expect(after(({ frozenAt }) => frozenAt + LEASE_MS)).toEqual([])
  // The test says something only where verifiers did answer from memory, and did so after the cut.
  expect(after(({ frozenAt }) => frozenAt).length).toBeGreaterThan(TRIALS)
  expect(silent.length).toBeGreaterThan(TRIALS / 4)
}, 180_000)
