// Requests a second: `GET /v1/me`, and sign-in plus sign-out on the back channel, against bare `node:http`.
import { join } from "node:path"
import { ALCHEMY_GRANT, codeChallengeOf } from "@authchemy/protocol"
import { createTokenService, openStore } from "@authchemy/tokens"
import { alchemyFor, createAccount, temporaryDirectory } from "../e2e/processes.ts"
import { signInAndDecide } from "../e2e/stand-in.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { CONNECTIONS, openPoster, ROUNDS, requestsPerSecond, startBare } from "./load.ts"
import { type QuietServer, startQuietServer } from "./quiet-server.ts"
import { inTurn, table } from "./statistics.ts"

const REDIRECT = "http://127.0.0.1:16424/callback"
const VERIFIER = "v".repeat(43)

const person = { email: "ada@example.com", password: "correct horse battery", name: "Ada" }

/** A signed-in person at a running server, by the real command. */
async function signIn(server: QuietServer, home: string) {
  const alchemy = alchemyFor({ home, authUrl: server.url })
  const login = alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
  await signInAndDecide(person, url)
  await login.finished
  const token = (await alchemy.run("auth", "token")).stdout.trim()
  const me = await fetch(`${server.url}/v1/me`, { headers: bearer(token) })
  const body = await me.text()
  return {
    token,
    body,
    accountId: (JSON.parse(body) as { data: { account: { id: string } } }).data.account.id,
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Pairs of `POST /api/cli/token` and `POST /api/cli/logout` a second; the codes are issued before the clock runs. */
async function pairsPerSecond(url: string, issueCode: () => Promise<string>): Promise<number> {
  const codes: string[] = []
  for (let index = 0; index < 1500; index++) codes.push(await issueCode())
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
    return 1500 / ((performance.now() - started) / 1000)
  } finally {
    close()
  }
}

const temporary = await temporaryDirectory("bench")
const redis = await startRedis()
const onSqlite = await startQuietServer(join(temporary.path, "sqlite"))
const onRedis = await startQuietServer(join(temporary.path, "redis"), { AUTHCHEMY_REDIS_URL: redis.url })
try {
  const signedIn: { server: QuietServer; token: string; body: string; issueCode: () => Promise<string> }[] =
    []
  for (const server of [onSqlite, onRedis]) {
    await createAccount(server, person)
    const { token, body, accountId } = await signIn(server, join(server.dataDirectory, "home"))
    const store = await openStore({
      sqlitePath: join(server.dataDirectory, "authchemy.db"),
      redisUrl: server === onRedis ? redis.url : null,
    })
    const engine = createTokenService({ store })
    const codeChallenge = codeChallengeOf(VERIFIER)
    const issueCode = () =>
      engine.issueCode({ ...ALCHEMY_GRANT, accountId, redirectUri: REDIRECT, codeChallenge, device: {} })
    signedIn.push({ server, token, body, issueCode })
  }
  const [sqlite, inRedis] = signedIn
  if (sqlite === undefined || inRedis === undefined) throw new Error("nobody is signed in")

  const bare = await startBare(sqlite.body)
  const verification = await inTurn(ROUNDS, {
    "bare `node:http`, the same bytes": () => requestsPerSecond(bare.url, bearer(sqlite.token)),
    "`GET /v1/me`, SQLite": () => requestsPerSecond(`${sqlite.server.url}/v1/me`, bearer(sqlite.token)),
    "`GET /v1/me`, Redis": () => requestsPerSecond(`${inRedis.server.url}/v1/me`, bearer(inRedis.token)),
  })
  bare.stop()
  console.log(table("Verification over HTTP", "requests/s", verification))

  const bareToken = await startBare(JSON.stringify({ authToken: sqlite.token }))
  const signInOut = await inTurn(ROUNDS, {
    "bare `node:http`, two POSTs": () => pairsPerSecond(bareToken.url, async () => "code"),
    "sign-in and sign-out, SQLite": () => pairsPerSecond(sqlite.server.url, sqlite.issueCode),
    "sign-in and sign-out, Redis": () => pairsPerSecond(inRedis.server.url, inRedis.issueCode),
  })
  bareToken.stop()
  console.log(table("`POST /api/cli/token` and `POST /api/cli/logout`", "pairs/s", signInOut))
} finally {
  await onSqlite.stop()
  await onRedis.stop()
  await redis.stop()
  await temporary.remove()
}
process.exit(0)
