// Requests a second at the token endpoint, against bare `node:http` and `oidc-provider`: refresh with rotation, and a device's polls. (Introspection is in
// `verification.ts`, beside all others.)
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { DEVICE_POLL_INTERVAL_SECONDS, GRANT_TYPES } from "@authchemy/protocol"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { CLIENT_ID } from "./contenders/authchemy.ts"
import { type Issuer, issuingAuthchemy, issuingOidcProvider } from "./contenders/issuers.ts"
import { FORM, type Post, postOnce, ROUNDS, startBare, workPerSecond } from "./load.ts"
import { publish } from "./results.ts"
import { inTurn } from "./statistics.ts"
import type { Comparison } from "./tables.ts"

/** How many polls one measurement has at most: at Authchemy as many as there are codes, since it holds a device to its interval. */
const POLLS = 4000
/** `oidc-provider` holds nobody to an interval, and its in-memory adapter forgets beyond 1,000 entries, of which a device takes two. */
const OIDC_DEVICE_CODES = 400
const DEVICE_PAUSE_MS = (DEVICE_POLL_INTERVAL_SECONDS + 0.5) * 1000

/** The contender that the others are compared with besides the floor. */
const RIVAL = "`oidc-provider`, memory"

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()

type Measure = () => Promise<number>

function refresh(post: Post, url: string, refreshToken: string): Promise<string> {
  const fields = { grant_type: GRANT_TYPES.refreshToken, refresh_token: refreshToken, client_id: CLIENT_ID }
  return post(url, FORM, form(fields))
}

/** Each connection follows a chain of refresh tokens of its own; the first ones are made before the clock runs. */
function refreshing(url: string, firstTokens: () => Promise<string[]>): Measure {
  return async () => {
    const first = await firstTokens()
    const chains = [...first]
    const figure = await workPerSecond((post, worker) => async () => {
      const answer = await refresh(post, url, chains[worker] ?? "")
      chains[worker] = (JSON.parse(answer) as { refresh_token: string }).refresh_token
      return true
    })
    if (chains.some((token, worker) => token === first[worker])) throw new Error(`${url}: no rotation`)
    return figure
  }
}

async function poll(post: Post, url: string, code: string): Promise<string> {
  const fields = { grant_type: GRANT_TYPES.deviceCode, device_code: code, client_id: CLIENT_ID }
  const answer = await post(url, FORM, form(fields), 400)
  if (!answer.includes('"authorization_pending"')) throw new Error(`${url}: ${answer}`)
  return answer
}

/** Polls one code after the other, of which nobody decides on any. */
function polling(url: string, codes: string[], pauseMs = 0): Measure {
  let notBefore = 0
  return async () => {
    await delay(Math.max(0, notBefore - performance.now()))
    let polls = 0
    const figure = await workPerSecond((post) => async () => {
      if (polls >= POLLS) return false
      await poll(post, url, codes[polls++ % codes.length] ?? "")
      return true
    })
    notBefore = performance.now() + pauseMs
    return figure
  }
}

/** Measures the floor, which gives an answer of the first contender's, and the contenders in turn. */
async function compare(
  title: string,
  answer: { body: string; status: number },
  measureBare: (url: string) => Measure,
  measures: Record<string, Measure>,
): Promise<Comparison> {
  const bare = await startBare(answer.body, answer.status)
  const figures = await inTurn(ROUNDS, {
    "bare `node:http`, the same bytes": measureBare(bare.url),
    ...measures,
  })
  bare.stop()
  const rows = Object.entries(figures).map(([name, values]) => ({ name, values, aims: [] }))
  return { kind: "comparison", title, unit: "requests/s", rival: RIVAL, rows }
}

const temporary = await temporaryDirectory("bench-oauth")
const redis = await startRedis()
const started: Issuer[] = []
try {
  const start = async (starting: Promise<Issuer>) => {
    const issuer = await starting
    started.push(issuer)
    return issuer
  }
  const sqlite = await start(issuingAuthchemy(join(temporary.path, "sqlite"), null))
  const issuers = Object.entries({
    "Authchemy, SQLite": sqlite,
    "Authchemy, Redis": await start(issuingAuthchemy(join(temporary.path, "redis"), redis.url)),
    [RIVAL]: await start(issuingOidcProvider(null)),
    "`oidc-provider`, Redis": await start(issuingOidcProvider(redis.url)),
  })
  const measuresOf = async (measureOf: (issuer: Issuer) => Promise<Measure>) => {
    const measures: Record<string, Measure> = {}
    for (const [name, issuer] of issuers) measures[name] = await measureOf(issuer)
    return measures
  }

  const [refreshToken = ""] = await sqlite.refreshTokens()
  const refreshes = await compare(
    "Refresh with rotation",
    { body: await refresh(postOnce, sqlite.tokenUrl, refreshToken), status: 200 },
    (url) => refreshing(url, async () => []),
    await measuresOf(async ({ tokenUrl, refreshTokens }) => refreshing(tokenUrl, refreshTokens)),
  )
  const [deviceCode = ""] = await sqlite.deviceCodes(1)
  const polls = await compare(
    "Polls of a device that nobody has decided on",
    { body: await poll(postOnce, sqlite.tokenUrl, deviceCode), status: 400 },
    (url) => polling(url, ["code"]),
    await measuresOf(async ({ tokenUrl, deviceCodes, keepsPace }) =>
      keepsPace
        ? polling(tokenUrl, await deviceCodes(POLLS), DEVICE_PAUSE_MS)
        : polling(tokenUrl, await deviceCodes(OIDC_DEVICE_CODES)),
    ),
  )
  publish("oauth", [refreshes, polls])
} finally {
  for (const issuer of started) await issuer.stop()
  await redis.stop()
  await temporary.remove()
}
process.exit(0)
