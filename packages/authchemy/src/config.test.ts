import { availableParallelism } from "node:os"
import { resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { parseConfig } from "./config.ts"
import { ConfigError } from "./config-error.ts"

test("nothing configured", () => {
  expect(parseConfig({})).toEqual({
    port: 4000,
    host: "127.0.0.1",
    issuer: "http://localhost:4000",
    dataDirectory: resolve("./.authchemy"),
    redisUrl: null,
    redisReplicas: 0,
    databaseUrl: null,
    clientsFile: null,
    secret: null,
    signUp: { kind: "open" },
    verifyEmail: false,
    breachedPasswordsUrl: "https://api.pwnedpasswords.com/range/",
    providers: [],
    smtp: null,
    mailFrom: { name: null, address: "no-reply@localhost" },
    brand: { name: "Authchemy", logo: null, accent: null },
    auditDays: 365,
    webhook: null,
    allowCodeWithoutPkce: false,
    trustedProxies: [],
    workers: 1,
    drainSeconds: null,
    metricsToken: null,
  })
})

test("everything configured", () => {
  const config = parseConfig({
    AUTHCHEMY_PORT: "8080",
    AUTHCHEMY_HOST: "0.0.0.0",
    AUTHCHEMY_URL: "https://auth.example.com/",
    AUTHCHEMY_DATA_DIR: "/var/lib/authchemy",
    AUTHCHEMY_REDIS_URL: "rediss://user:password@redis.example:6380/2",
    AUTHCHEMY_CLIENTS_FILE: "clients.json",
    AUTHCHEMY_SECRET: "s".repeat(32),
    AUTHCHEMY_ALLOW_SIGN_UP: "example.com, example.org",
    AUTHCHEMY_BREACHED_PASSWORDS_URL: "off",
    AUTHCHEMY_PROVIDER_ISSUER: "https://login.example.com",
    AUTHCHEMY_PROVIDER_CLIENT_ID: "authchemy",
    AUTHCHEMY_PROVIDER_CLIENT_SECRET: "a provider's secret",
    AUTHCHEMY_PROVIDER_NAME: "Acme",
    AUTHCHEMY_SMTP_URL: "smtps://user:password@mail.example.com",
    AUTHCHEMY_MAIL_FROM: "Acme <sign-in@example.com>",
    AUTHCHEMY_SITE_NAME: "Acme",
    AUTHCHEMY_ACCENT: "#aa3355",
    AUTHCHEMY_AUDIT_DAYS: "30",
    AUTHCHEMY_WEBHOOK_URL: "https://example.com/hook",
    AUTHCHEMY_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString("base64")}`,
    AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE: "1",
    AUTHCHEMY_TRUSTED_PROXIES: "10.0.0.0/8, ::1, fd00::/8,192.168.1.1",
    AUTHCHEMY_WORKERS: "3",
    AUTHCHEMY_DRAIN_SECONDS: "0.5",
    AUTHCHEMY_METRICS_TOKEN: "m".repeat(16),
  })
  expect(config).toMatchObject({
    port: 8080,
    issuer: "https://auth.example.com",
    dataDirectory: "/var/lib/authchemy",
    clientsFile: resolve("clients.json"),
    signUp: { kind: "domains", domains: ["example.com", "example.org"] },
    verifyEmail: true,
    breachedPasswordsUrl: null,
    providers: [{ id: "sso", name: "Acme", issuer: "https://login.example.com" }],
    smtp: { host: "mail.example.com" },
    mailFrom: { name: "Acme", address: "sign-in@example.com" },
    brand: { name: "Acme", accent: "#aa3355" },
    auditDays: 30,
    webhook: { url: "https://example.com/hook", secret: new Uint8Array(24) },
    allowCodeWithoutPkce: true,
    trustedProxies: ["10.0.0.0/8", "::1", "fd00::/8", "192.168.1.1"],
    workers: 3,
    drainSeconds: 0.5,
    metricsToken: "m".repeat(16),
  })
  expect(Object.isFrozen(config)).toBe(true)
})

const wrong: Record<string, string[]> = {
  AUTHCHEMY_PORT: ["x", "-1", "65536", "1e3", "80.5", "0x50"],
  AUTHCHEMY_HOST: ["no host", "http://x", "-x"],
  AUTHCHEMY_URL: [
    "auth.example.com",
    "http://auth.example.com",
    "https://auth.example.com/path",
    "https://auth.example.com/?x",
    "https://auth.example.com/#",
    "https://user@auth.example.com",
    "ftp://auth.example.com",
  ],
  AUTHCHEMY_REDIS_URL: ["localhost:6379", "http://localhost", "redis://"],
  AUTHCHEMY_DATABASE_URL: [
    "localhost:5432",
    "mysql://localhost/authchemy",
    "postgres://",
    "/var/lib/authchemy.db",
  ],
  AUTHCHEMY_SECRET: ["short"],
  AUTHCHEMY_ALLOW_SIGN_UP: ["yes", "2"],
  AUTHCHEMY_VERIFY_EMAIL: ["maybe"],
  AUTHCHEMY_BREACHED_PASSWORDS_URL: ["http://example.com", "nowhere"],
  AUTHCHEMY_PROVIDERS_FILE: ["/nowhere/providers.json"],
  AUTHCHEMY_SMTP_URL: ["mail.example.com", "http://mail.example.com"],
  AUTHCHEMY_MAIL_FROM: ["nobody"],
  AUTHCHEMY_SITE_NAME: ["x".repeat(65)],
  AUTHCHEMY_LOGO_FILE: ["/nowhere/logo.png"],
  AUTHCHEMY_ACCENT: ["teal"],
  AUTHCHEMY_AUDIT_DAYS: ["0", "forever"],
  AUTHCHEMY_WEBHOOK_URL: ["http://example.com"],
  AUTHCHEMY_WEBHOOK_SECRET: ["short"],
  AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE: ["on"],
  AUTHCHEMY_WORKERS: ["0", "257", "-1", "1.5", "all"],
  AUTHCHEMY_DRAIN_SECONDS: ["-1", "601", "5s", "1e2"],
  AUTHCHEMY_METRICS_TOKEN: ["short", "with a space inside"],
  AUTHCHEMY_TRUSTED_PROXIES: ["all", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/", "1.2.3.4,,"],
}

function problemsWith(env: Record<string, string | undefined>) {
  try {
    parseConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

describe.each(Object.entries(wrong))("%s", (variable, values) => {
  test.each(values)("%j is refused by name", (value) => {
    expect(problemsWith({ [variable]: value })).toEqual([{ variable, message: expect.any(String) }])
  })
})

test("servers that share a database are given their secret", () => {
  const env = { AUTHCHEMY_DATABASE_URL: "postgres://authchemy:password@db.example/authchemy" }
  const message = expect.stringMatching(
    /^must be set beside AUTHCHEMY_DATABASE_URL.*openssl rand -base64 32$/,
  )
  for (const secret of [undefined, "", " "]) {
    expect(problemsWith({ ...env, AUTHCHEMY_SECRET: secret })).toEqual([
      { variable: "AUTHCHEMY_SECRET", message },
    ])
  }
  expect(problemsWith({ ...env, AUTHCHEMY_SECRET: "short" })).toMatchObject([
    { variable: "AUTHCHEMY_SECRET", message: expect.stringContaining("at least 32") },
  ])
  const config = parseConfig({ ...env, AUTHCHEMY_SECRET: "s".repeat(32) })
  expect(config).toMatchObject({ databaseUrl: env.AUTHCHEMY_DATABASE_URL, secret: "s".repeat(32) })
})

test("what only makes sense together is asked for together", () => {
  expect(problemsWith({ AUTHCHEMY_WEBHOOK_URL: "https://example.com/hook" })).toEqual([
    { variable: "AUTHCHEMY_WEBHOOK_SECRET", message: "must be set beside AUTHCHEMY_WEBHOOK_URL" },
  ])
  expect(problemsWith({ AUTHCHEMY_WEBHOOK_SECRET: `whsec_${"A".repeat(32)}` })).toEqual([
    { variable: "AUTHCHEMY_WEBHOOK_URL", message: "must be set beside AUTHCHEMY_WEBHOOK_SECRET" },
  ])
  expect(problemsWith({ AUTHCHEMY_ALLOW_SIGN_UP: "example.com", AUTHCHEMY_VERIFY_EMAIL: "false" })).toEqual([
    { variable: "AUTHCHEMY_VERIFY_EMAIL", message: expect.stringContaining("names domains") },
  ])
})

test("with a mail server, an email is verified before it signs in", () => {
  const env = { AUTHCHEMY_SMTP_URL: "smtp://127.0.0.1:2525" }
  expect(parseConfig(env).verifyEmail).toBe(true)
  expect(parseConfig({ ...env, AUTHCHEMY_VERIFY_EMAIL: "0" }).verifyEmail).toBe(false)
})

test("auto is a worker a core", () => {
  expect(parseConfig({ AUTHCHEMY_WORKERS: "auto" }).workers).toBe(availableParallelism())
})

test("every mistake is named at once, and no secret is repeated", () => {
  expect(() =>
    parseConfig({ AUTHCHEMY_PORT: "x", AUTHCHEMY_SECRET: "tooshort", AUTHCHEMY_URL: "nonsense" }),
  ).toThrow(
    /AUTHCHEMY_PORT: must be .*\nAUTHCHEMY_URL: must be .*\nAUTHCHEMY_SECRET: must have at least 32 characters/,
  )
  expect(() => parseConfig({ AUTHCHEMY_SECRET: "tooshort" })).not.toThrow(/tooshort/)
})
