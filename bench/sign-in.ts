// Sign-in and sign-out on the back channel: `POST /api/cli/token` and `POST /api/cli/logout`, against bare `node:http`.
import { join } from "node:path"
import { ALCHEMY_GRANT, codeChallengeOf } from "@authchemy/protocol"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { type Authchemy, startAuthchemy } from "./contenders/authchemy.ts"
import { bearer, CONNECTIONS, openPoster, ROUNDS, startBare } from "./load.ts"
import { publish } from "./results.ts"
import { inTurn } from "./statistics.ts"

const REDIRECT = "http://127.0.0.1:16424/callback"
const VERIFIER = "v".repeat(43)
const PAIRS = 1500

/** Pairs of a sign-in and a sign-out a second; the codes are issued before the clock runs. */
async function pairsPerSecond(url: string, issueCode: () => Promise<string>): Promise<number> {
  const codes: string[] = []
  for (let index = 0; index < PAIRS; index++) codes.push(await issueCode())
  const { post, close } = openPoster()
  const started = performance.now()
  const worker = async () => {
    for (let code = codes.pop(); code !== undefined; code = codes.pop()) {
      const answer = await post(
        `${url}/api/cli/token`,
        { "content-type": "application/json" },
        JSON.stringify({ code, redirect_uri: REDIRECT, code_verifier: VERIFIER }),
      )
      const { authToken } = JSON.parse(answer) as { authToken: string }
      await post(`${url}/api/cli/logout`, bearer(authToken), "")
    }
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    return PAIRS / ((performance.now() - started) / 1000)
  } finally {
    close()
  }
}

const temporary = await temporaryDirectory("bench-sign-in")
const redis = await startRedis()
const sqlite = await startAuthchemy(join(temporary.path, "sqlite"), null)
const onRedis = await startAuthchemy(join(temporary.path, "redis"), redis.url)
try {
  const pairsAt = ({ server, engine, accountId }: Authchemy) => {
    const codeChallenge = codeChallengeOf(VERIFIER)
    const request = { ...ALCHEMY_GRANT, accountId, redirectUri: REDIRECT, codeChallenge, device: {} }
    return () => pairsPerSecond(server.url, () => engine.issueCode(request))
  }
  const bare = await startBare(JSON.stringify({ authToken: await sqlite.accessToken() }))
  const figures = await inTurn(ROUNDS, {
    "bare `node:http`, two POSTs": () => pairsPerSecond(bare.url, async () => "code"),
    "sign-in and sign-out, SQLite": pairsAt(sqlite),
    "sign-in and sign-out, Redis": pairsAt(onRedis),
  })
  bare.stop()
  const rows = Object.entries(figures).map(([name, values]) => ({ name, values, aims: [] }))
  publish("sign-in", [{ kind: "comparison", title: "Sign-in and sign-out", unit: "pairs/s", rows }])
} finally {
  await sqlite.stop()
  await onRedis.stop()
  await redis.stop()
  await temporary.remove()
}
process.exit(0)
