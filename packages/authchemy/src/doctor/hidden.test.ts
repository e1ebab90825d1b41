import { expect, test } from "vitest"
import { hiding } from "./hidden.ts"

test("S53 passwords in addresses, secrets and tokens are blacked out, as written and as meant", () => {
  const hide = hiding(
    {
      AUTHCHEMY_DATABASE_URL: "postgres://user:p%40ss-word@db.example.com/app",
      AUTHCHEMY_REDIS_URL: "redis://:at@inside@redis.example.com",
      AUTHCHEMY_SECRET: " the-secret-of-the-server-is-this ",
      AUTHCHEMY_WEBHOOK_SECRET: "whsec_AAAA",
      AUTHCHEMY_METRICS_TOKEN: "metrics-token-16",
      AUTHCHEMY_SITE_NAME: "Example",
      OTHER_SECRET: "not-ours",
    },
    ["the-secret-in-a-file"],
  )
  const said =
    "p%40ss-word p@ss-word at@inside the-secret-of-the-server-is-this whsec_AAAA metrics-token-16 the-secret-in-a-file"
  expect(hide(said)).toBe("… … … … … … …")
  expect(hide("Example not-ours user db.example.com")).toBe("Example not-ours user db.example.com")
})

test("a secret that is the beginning of another leaves nothing of it", () => {
  expect(hiding({}, ["abcd", "abcd-and-more"])("abcd-and-more abcd")).toBe("… …")
})

test("addresses without a password, and a percent sign that means nothing, are left alone", () => {
  const hide = hiding(
    { AUTHCHEMY_URL: "https://auth.example.com", AUTHCHEMY_SMTP_URL: "smtp://u:%zz%@m" },
    [],
  )
  expect(hide("https://auth.example.com %zz%")).toBe("https://auth.example.com …")
})
