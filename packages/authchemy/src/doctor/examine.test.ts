import { expect, onTestFinished, test } from "vitest"
import { openRudeServer, answering as smtpAnswering } from "../mail/testing.ts"
import type { CheckResult } from "./check.ts"
import { examine } from "./examine.ts"
import { answering, closedPort, configOf, openWebServer } from "./testing.ts"

const secret = "BN1XmVw9mTjB4mVfSxu0c3pUkS2r0yQ1"

async function examined(env: Record<string, string>, send: typeof fetch = fetch) {
  const told: CheckResult[] = []
  const onResult = (result: CheckResult) => told.push(result)
  const results = await examine({ config: configOf(env), env, fetch: send, now: Date.now, onResult })
  expect(told).toEqual(results)
  return { results, byName: Object.fromEntries(results.map((result) => [result.check, result])) }
}

const ALWAYS = [
  ...["data directory", "secret", "database", "token store", "mail", "address", "TLS", "proxies", "clock"],
  ...["sign-up", "stolen passwords"],
]

test("a server that nothing is configured for, and that has never run, has nothing wrong", async () => {
  const { results } = await examined({ AUTHCHEMY_URL: `http://localhost:${await closedPort()}` })
  expect(results.map(({ check }) => check)).toEqual(ALWAYS)
  expect(results.filter(({ state }) => state === "wrong")).toEqual([])
})

test("S53 everything is out of reach: each is told, what to do with it, and no password", async () => {
  const [refusing, provider] = [await closedPort(), await openWebServer(answering({}, { status: 500 }))]
  onTestFinished(provider.close)
  const smtp = await openRudeServer(
    smtpAnswering({ EHLO: "250-x\r\n250 AUTH PLAIN", AUTH: "535 no the-mail-password", QUIT: "221 bye" }),
  )
  onTestFinished(smtp.close)
  const { results, byName } = await examined({
    AUTHCHEMY_URL: `https://localhost:${refusing}`,
    AUTHCHEMY_SECRET: secret,
    AUTHCHEMY_DATABASE_URL: `postgres://user:the-database-password@127.0.0.1:${refusing}/x`,
    AUTHCHEMY_REDIS_URL: `redis://user:the-redis-password@127.0.0.1:${refusing}`,
    AUTHCHEMY_SMTP_URL: `smtp://user:the-mail-password@127.0.0.1:${smtp.port}`,
    AUTHCHEMY_CLIENTS_FILE: "/nonexistent/clients.json",
    AUTHCHEMY_PROVIDER_ISSUER: provider.url,
    AUTHCHEMY_PROVIDER_CLIENT_ID: "x",
    AUTHCHEMY_PROVIDER_CLIENT_SECRET: "the-client-secret",
    AUTHCHEMY_BREACHED_PASSWORDS_URL: `http://localhost:${refusing}/range/`,
    AUTHCHEMY_WEBHOOK_URL: `http://localhost:${refusing}/hook`,
    AUTHCHEMY_WEBHOOK_SECRET: `whsec_${Buffer.from(secret).toString("base64")}`,
    AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE: "true",
  })
  expect(Object.fromEntries(results.map(({ check, state }) => [check, state]))).toEqual({
    ...{ "data directory": "ok", secret: "ok", database: "wrong", "token store": "wrong" },
    ...{ "clients file": "wrong", mail: "wrong", address: "warning", TLS: "wrong", proxies: "warning" },
    ...{ clock: "ok", "sign-up": "ok", "provider sso": "wrong", "stolen passwords": "warning" },
    ...{ webhook: "wrong", "code challenge": "warning" },
  })
  const refused = `connect ECONNREFUSED 127.0.0.1:${refusing}`
  expect(byName.database?.message).toBe(`PostgreSQL is out of reach: ${refused}`)
  expect(byName["token store"]?.message).toBe(`Redis cannot be used: ${refused}`)
  expect(byName.mail?.message).toContain("535")
  for (const { state, next } of results) if (state !== "ok") expect(next).toMatch(/\w/)
  for (const hidden of [
    "the-database-password",
    "the-redis-password",
    "the-mail-password",
    secret,
    "the-client",
  ])
    expect(JSON.stringify(results)).not.toContain(hidden)
})

test("S53 a secret that an error repeats is blacked out", async () => {
  const env = {
    AUTHCHEMY_SECRET: secret,
    AUTHCHEMY_PROVIDER_ISSUER: "https://login.example.com",
    AUTHCHEMY_PROVIDER_CLIENT_ID: "x",
    AUTHCHEMY_PROVIDER_CLIENT_SECRET: "the-client-secret",
  }
  const { byName } = await examined(env, async () => {
    throw new Error(`refused ${secret} and the-client-secret`)
  })
  expect(byName["provider sso"]?.message).toBe("login.example.com is out of reach: refused … and …")
})

test("servers that take a connection and are silent hold nothing up for long", async () => {
  const silent = await openRudeServer((socket) => void socket.resume())
  onTestFinished(silent.close)
  const at = `127.0.0.1:${silent.port}`
  const started = performance.now()
  const { byName } = await examined({
    AUTHCHEMY_URL: `https://${at}`,
    AUTHCHEMY_SECRET: secret,
    AUTHCHEMY_DATABASE_URL: `postgres://user@${at}/x`,
    AUTHCHEMY_REDIS_URL: `redis://${at}`,
    AUTHCHEMY_SMTP_URL: `smtp://${at}`,
    AUTHCHEMY_BREACHED_PASSWORDS_URL: `http://${at}/`,
  })
  // What is promised is a time limit: ten seconds, and some for a machine that is busy.
  expect(performance.now() - started).toBeLessThan(14_000)
  for (const name of ["database", "token store", "mail", "TLS"]) expect(byName[name]?.state).toBe("wrong")
  for (const name of ["address", "stolen passwords"]) expect(byName[name]?.state).toBe("warning")
})
