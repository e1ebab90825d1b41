import { expect, onTestFinished, test } from "vitest"
import type { ProviderSettings } from "../accounts/providers/provider-settings.ts"
import { createLogger } from "../logging.ts"
import { createMailer } from "../mail/mailer.ts"
import { openMailServer } from "../mail/testing.ts"
import { checkBreachedPasswords, checkMail, checkProvider } from "./others.ts"
import { answering, configOf, openWebServer } from "./testing.ts"

async function opened(...given: Parameters<typeof openWebServer>) {
  const server = await openWebServer(...given)
  onTestFinished(server.close)
  return server
}

function mail(smtpUrl: string) {
  const config = configOf(smtpUrl === "" ? {} : { AUTHCHEMY_SMTP_URL: smtpUrl })
  const { smtp, mailFrom: from, brand } = config
  const logger = createLogger({ write: () => {} })
  const mailer = createMailer({ smtp, from, siteName: brand.name, logger, now: Date.now })
  return checkMail(config, mailer)
}

test("mail goes as far as signing in, and none is sent", async () => {
  const server = await openMailServer({ users: { ada: "right-password" } })
  onTestFinished(server.close)
  expect(await mail(`smtp://ada:right-password@127.0.0.1:${server.port}`)).toEqual({
    state: "ok",
    message: "127.0.0.1 takes mail",
  })
  await expect(mail(`smtp://ada:wrong-password@127.0.0.1:${server.port}`)).rejects.toMatchObject({
    cause: { message: expect.not.stringContaining("wrong-password") },
  })
  expect(server.mails).toEqual([])
})

test("a mail server that is missing, or is reached in clear text, deserves a look", async () => {
  expect((await mail("")).state).toBe("warning")
  const config = configOf({ AUTHCHEMY_SMTP_URL: "smtp://mail.example.com?tls=opportunistic" })
  const finding = await checkMail(config, { check: async () => {} })
  expect(finding).toMatchObject({ state: "warning", message: expect.stringContaining("clear text") })
  const secure = configOf({ AUTHCHEMY_SMTP_URL: "smtp://mail.example.com" })
  expect((await checkMail(secure, { check: async () => {} })).state).toBe("ok")
})

const providerAt = (issuer: string): ProviderSettings => ({
  ...{ id: "sso", name: "Example", issuer, clientId: "x", clientSecret: "y", scopes: ["openid"] },
  emailDomains: null,
})

test("a provider has to call itself as it is configured", async () => {
  const asked: (string | undefined)[] = []
  const server = await opened((request, response) => {
    asked.push(request.url)
    answering({ issuer: `${server.url}/tenant/` })(request, response)
  })
  expect(await checkProvider(providerAt(`${server.url}/tenant/`), fetch)).toEqual({
    state: "ok",
    message: "Example answers",
  })
  expect(await checkProvider(providerAt(`${server.url}/tenant`), fetch)).toMatchObject({
    state: "wrong",
    message: `Example answers 200, and calls itself "${server.url}/tenant/", at ${server.url}/tenant/.well-known/openid-configuration`,
    next: 'The issuer of the provider "sso" must be written as the provider writes it.',
  })
  expect(new Set(asked)).toEqual(new Set(["/tenant/.well-known/openid-configuration"]))
})

test("a provider that is down rejects; one that answers something else is wrong", async () => {
  const server = await opened(answering({}, { status: 404 }))
  expect((await checkProvider(providerAt(server.url), fetch)).state).toBe("wrong")
  await server.close()
  await expect(checkProvider(providerAt(server.url), fetch)).rejects.toThrow()
})

test("the list of stolen passwords is asked for the digest of none in particular", async () => {
  expect((await checkBreachedPasswords(configOf(), fetch)).message).toContain("is off")
  const asked: (string | undefined)[] = []
  let status = 200
  const server = await opened((request, response) => {
    asked.push(request.url)
    response.writeHead(status).end()
  })
  const config = configOf({ AUTHCHEMY_BREACHED_PASSWORDS_URL: `${server.url}/range/` })
  expect((await checkBreachedPasswords(config, fetch)).state).toBe("ok")
  status = 503
  expect(await checkBreachedPasswords(config, fetch)).toMatchObject({
    state: "warning",
    message: `127.0.0.1:${server.port} answers 503, so stolen passwords are accepted`,
  })
  expect(asked).toEqual(["/range/00000", "/range/00000"])
})
