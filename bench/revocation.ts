// How long a revocation takes, and whether anybody accepts the token in a call that begins after it has returned. Three processes hold the session in memory; each is asked at
// once when the revocation returns.
import { join } from "node:path"
import { createTokenService, openStore } from "@authchemy/tokens"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { type Authchemy, startAuthchemy } from "./contenders/authchemy.ts"
import { bearer, openPoster, type Post } from "./load.ts"
import { publish } from "./results.ts"
import { startHolder } from "./sessions/holders.ts"
import { atMost, type Facts, latencyRow, type Table } from "./tables.ts"

const TRIALS = Number(process.env.BENCH_TRIALS ?? 2000)
const WARM_UP = 50
const VERIFIERS = 3

/** Says of a token whether it is accepted. */
type Verifier = { accepts(token: string): Promise<boolean> }
type Trials = { name: string; milliseconds: number[]; acceptedAfter: number }

/** Takes a token, sees that all accept it, and so hold it, revokes it, and asks all of them at once; again and again. */
async function runTrials(
  name: string,
  verifiers: Verifier[],
  tokens: string[],
  revoke: (token: string) => Promise<void>,
): Promise<Trials> {
  const milliseconds: number[] = []
  let acceptedAfter = 0
  for (let trial = -WARM_UP; trial < TRIALS; trial++) {
    const token = tokens.pop() ?? ""
    const ask = () => Promise.all(verifiers.map((verifier) => verifier.accepts(token)))
    for (const accepted of [...(await ask()), ...(await ask())]) {
      if (!accepted) throw new Error("a live token was refused")
    }
    const started = performance.now()
    await revoke(token)
    const returned = performance.now()
    acceptedAfter += (await ask()).filter((accepted) => accepted).length
    if (trial >= 0) milliseconds.push(returned - started)
  }
  return { name, milliseconds, acceptedAfter }
}

/** The server itself as a verifier: `GET /v1/me`. */
const serverAsVerifier = ({ server }: Authchemy): Verifier => ({
  accepts: async (token) => {
    const { status, body } = await fetch(`${server.url}/v1/me`, { headers: bearer(token) })
    await body?.cancel()
    if (status !== 200 && status !== 401) throw new Error(`/v1/me: ${status}`)
    return status === 200
  },
})

const signOutAt =
  ({ server }: Authchemy, post: Post) =>
  async (token: string) => {
    await post(`${server.url}/api/cli/logout`, bearer(token), "")
  }

/** Issues the tokens of a run. */
async function issueTokens({ accessToken }: Authchemy): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < TRIALS + WARM_UP) tokens.push(await accessToken())
  return tokens
}

const temporary = await temporaryDirectory("bench-revocation")
const redis = await startRedis()
const onSqlite = await startAuthchemy(join(temporary.path, "sqlite"), null)
const onRedis = await startAuthchemy(join(temporary.path, "redis"), redis.url)
const { post, close } = openPoster()
const stops = [() => redis.stop(), () => temporary.remove()]
try {
  const [tokensOnSqlite, tokens, moreTokens] = [
    await issueTokens(onSqlite),
    await issueTokens(onRedis),
    await issueTokens(onRedis),
  ]
  // An engine verifies as well, and would be waited for.
  await onSqlite.engine.close()
  await onRedis.engine.close()

  const overSqlite = await runTrials(
    "`POST /api/cli/logout`, SQLite; the server verifies",
    [serverAsVerifier(onSqlite)],
    tokensOnSqlite,
    signOutAt(onSqlite, post),
  )
  const holders = await Promise.all(Array.from({ length: VERIFIERS }, () => startHolder(redis.url)))
  stops.unshift(...holders.map((holder) => holder.stop))
  const overRedis = await runTrials(
    `\`POST /api/cli/logout\`, Redis; ${VERIFIERS} processes and the server verify`,
    [...holders, serverAsVerifier(onRedis)],
    tokens,
    signOutAt(onRedis, post),
  )
  await onRedis.server.stop()
  const engine = createTokenService({ store: await openStore({ sqlitePath: "", redisUrl: redis.url }) })
  stops.unshift(() => engine.close())
  const inProcess = await runTrials(
    `\`revoke()\` in another process, Redis; ${VERIFIERS} processes verify`,
    holders,
    moreTokens,
    async (token) => {
      if (!(await engine.revoke(token))) throw new Error("a live session was not found")
    },
  )
  const trials = [overSqlite, overRedis, inProcess]
  const tables: Table[] = [
    {
      ...{ kind: "latency", title: "Revocation, from the call to its return" },
      rows: trials.map(({ name, milliseconds }) =>
        latencyRow(name, milliseconds, ({ p50, p99 }) =>
          name.includes("Redis") ? [atMost(3, p50, "p50"), atMost(25, p99, "p99")] : [],
        ),
      ),
    },
    {
      ...{ kind: "facts", title: "Tokens accepted in a call begun after the revocation had returned" },
      rows: trials.map(({ name, milliseconds, acceptedAfter }): Facts["rows"][number] => ({
        ...{ name, value: acceptedAfter, unit: `of ${milliseconds.length} revocations` },
        aims: [{ text: "0", reached: acceptedAfter === 0 }],
      })),
    },
  ]
  publish("revocation", tables)
} finally {
  close()
  await onSqlite.server.stop()
  await onRedis.server.stop()
  for (const stop of stops) await stop()
}
process.exit(0)
