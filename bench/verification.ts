// Requests a second: who a token belongs to, asked of servers side by side, each beside bare `node:http` with the same bytes.
import { join } from "node:path"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { API_CLIENT, startAuthchemy } from "./contenders/authchemy.ts"
import { startBetterAuth, startOauth2Server, startOidcProvider } from "./contenders/peers.ts"
import {
  bearer,
  FORM,
  getOnce,
  type Headers,
  postOnce,
  ROUNDS,
  requestsPerSecond,
  startBare,
} from "./load.ts"
import { publish } from "./results.ts"
import { inTurn } from "./statistics.ts"
import { atLeastTimes, type Comparison } from "./tables.ts"

const BARE_GET = "bare `node:http`, the bytes of `/v1/me`"
const BARE_POST = "bare `node:http`, the bytes of the introspection"
const BETTER_AUTH = ["Better Auth, SQLite in memory", "Better Auth, Redis"] as const
const OIDC_PROVIDER = ["`oidc-provider`, memory", "`oidc-provider`, Redis"] as const

const basic = Buffer.from(`${API_CLIENT.id}:${API_CLIENT.secret}`).toString("base64")
const asApi = { ...FORM, authorization: `Basic ${basic}` }

/** A question about a token, which says how to tell that the answer is yes. */
type Question = { url: string; headers: Headers; body?: string; yes: string }

const whoHas = (url: string, token: string, yes: string): Question => ({ url, headers: bearer(token), yes })
const introspection = (url: string, token: string): Question => ({
  ...{ url, headers: asApi, body: new URLSearchParams({ token }).toString() },
  yes: '"active":true',
})

/** Asks once. Resolves with the answer, which must be yes. */
async function ask({ url, headers, body, yes }: Question): Promise<string> {
  const answer = body === undefined ? await getOnce(url, headers) : await postOnce(url, headers, body)
  if (!answer.includes(yes)) throw new Error(`${url}: ${answer}`)
  return answer
}

/** The same question again and again; the answer is seen to be yes before and after, and its status is 2xx every time. */
const asking = (question: Question) => async () => {
  await ask(question)
  const figure = await requestsPerSecond(question.url, question.headers, question.body)
  await ask(question)
  return figure
}

const temporary = await temporaryDirectory("bench-verification")
const redis = await startRedis()
const started: { stop(): Promise<void> | void }[] = []
const start = async <T extends { stop(): Promise<void> | void }>(starting: Promise<T>): Promise<T> => {
  const contender = await starting
  started.push(contender)
  return contender
}
try {
  const questions: Record<string, Question> = {}
  const floors: Record<string, string> = {}
  for (const [name, url] of [["SQLite", null] as const, ["Redis", redis.url] as const]) {
    const authchemy = await start(startAuthchemy(join(temporary.path, name), url))
    const token = await authchemy.accessToken()
    const me = whoHas(`${authchemy.server.url}/v1/me`, token, '"account"')
    const introspect = introspection(authchemy.introspectUrl, token)
    questions[`\`GET /v1/me\`, ${name}`] = me
    questions[`\`POST /oauth/introspect\`, ${name}`] = introspect
    floors[BARE_GET] ??= await ask(me)
    floors[BARE_POST] ??= await ask(introspect)
  }
  for (const [index, url] of [null, redis.url].entries()) {
    const provider = await start(startOidcProvider(url))
    const { accessToken } = await provider.seed()
    questions[OIDC_PROVIDER[index] ?? ""] = introspection(`${provider.url}/token/introspection`, accessToken)
    const betterAuth = await start(startBetterAuth(url))
    const session = await betterAuth.seed()
    const getSession = `${betterAuth.url}/api/auth/get-session`
    questions[BETTER_AUTH[index] ?? ""] = whoHas(getSession, session.accessToken, '"session"')
  }
  const oauth2Server = await start(startOauth2Server(redis.url))
  const { accessToken } = await oauth2Server.seed()
  questions["`@node-oauth/oauth2-server`, Redis"] = whoHas(oauth2Server.url, accessToken, '"user"')

  const bareGet = await start(startBare(floors[BARE_GET] ?? ""))
  const barePost = await start(startBare(floors[BARE_POST] ?? ""))
  const figures = await inTurn(ROUNDS, {
    [BARE_GET]: asking(whoHas(bareGet.url, "token", "")),
    [BARE_POST]: asking({ ...introspection(barePost.url, "token"), yes: "" }),
    ...Object.fromEntries(Object.entries(questions).map(([name, question]) => [name, asking(question)])),
  })

  const comparison = (
    title: string,
    floor: string,
    own: RegExp,
    rivals: readonly string[],
    times: number,
  ) => {
    const isOfThis = (name: string) => name === floor || own.test(name)
    const rows = Object.entries(figures).filter(([name]) => isOfThis(name))
    return {
      ...{ kind: "comparison", title, unit: "requests/s" },
      rows: rows.map(([name, values]) => ({
        ...{ name, values },
        aims: /`(GET|POST) /.test(name)
          ? [
              atLeastTimes(0.8, values, "bare", figures[floor] ?? []),
              ...rivals.map((rival) => atLeastTimes(times, values, rival, figures[rival] ?? [])),
            ]
          : [],
      })),
    } satisfies Comparison
  }
  publish("verification", [
    comparison(
      "Verification of a bearer token over HTTP",
      BARE_GET,
      /GET|Better Auth|oauth2-server/,
      BETTER_AUTH,
      80,
    ),
    comparison("Introspection", BARE_POST, /POST|oidc-provider/, OIDC_PROVIDER, 10),
  ])
} finally {
  for (const contender of started) await contender.stop()
  await redis.stop()
  await temporary.remove()
}
process.exit(0)
