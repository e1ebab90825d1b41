import { connect } from "node:tls"
import { OAUTH_PATHS } from "@authchemy/protocol"
import { expect, onTestFinished, test } from "vitest"
import { createSelfSigned } from "../mail/testing.ts"
import { checkAddress, checkProxies, checkTls } from "./address.ts"
import { answering, configOf, openWebServer } from "./testing.ts"

const DAY_MS = 24 * 60 * 60 * 1000

async function opened(...given: Parameters<typeof openWebServer>) {
  const server = await openWebServer(...given)
  onTestFinished(server.close)
  return server
}

test("what answers at the address is asked who it is", async () => {
  const asked: (string | undefined)[] = []
  const server = await opened((request, response) => {
    asked.push(request.url)
    answering({ issuer: server.url })(request, response)
  })
  expect(await checkAddress(configOf({ AUTHCHEMY_URL: server.url }), fetch)).toEqual({
    state: "ok",
    message: `${server.url} answers, and is this server`,
  })
  expect(asked).toEqual([OAUTH_PATHS.metadata])
})

test.each([
  [
    answering({ issuer: "https://other.example.com" }),
    'answers 200, and calls itself "https://other.example.com"',
  ],
  [answering({}), "answers 200"],
  [answering("text"), "answers 200"],
  [answering({}, { status: 502 }), "answers 502"],
  [
    answering({}, { status: 301, headers: { location: "https://x.test/" } }),
    "answers 301, which leads to https://x.test/",
  ],
])("somebody else at the address is wrong: %#", async (answer, said) => {
  const server = await opened(answer)
  const finding = await checkAddress(configOf({ AUTHCHEMY_URL: server.url }), fetch)
  expect(finding).toMatchObject({ state: "wrong", message: `${server.url} ${said}` })
})

test("an answer that goes on for ever is not read for ever", async () => {
  const server = await opened((_request, response) => {
    response.writeHead(200)
    const goOn = () => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", goOn)
    }
    goOn()
  })
  const finding = await checkAddress(configOf({ AUTHCHEMY_URL: server.url }), fetch)
  expect(finding).toMatchObject({ state: "wrong", message: `${server.url} answers 200` })
})

test("nobody at the address rejects", async () => {
  const server = await openWebServer(() => {})
  await server.close()
  await expect(checkAddress(configOf({ AUTHCHEMY_URL: server.url }), fetch)).rejects.toThrow()
})

test("plain http is for this machine only, and needs no certificate", async () => {
  expect(await checkTls(configOf(), 0)).toEqual({
    state: "ok",
    message: "not needed: http://localhost:4000 is on this machine only",
  })
})

test("a certificate that nobody knows is refused, as browsers do", async () => {
  const server = await opened(answering({}), await createSelfSigned())
  const config = configOf({ AUTHCHEMY_URL: `https://localhost:${server.port}` })
  await expect(checkTls(config, Date.now())).rejects.toThrow("self-signed certificate")
})

test("how long a good certificate goes on is said, and warned of when it ends soon", async () => {
  const tls = await createSelfSigned()
  const server = await opened(answering({}), tls)
  // The certificate is good for a day from now.
  const at = (days: number) => Date.now() - (days - 1) * DAY_MS - 60_000
  const names: unknown[] = []
  const trusting = ((options: object, listener: () => void) => {
    names.push("servername" in options ? options.servername : null)
    return connect({ ...options, ca: tls.cert }, listener)
  }) as typeof connect
  const check = (host: string, days: number) =>
    checkTls(configOf({ AUTHCHEMY_URL: `https://${host}:${server.port}` }), at(days), trusting)

  expect(await check("localhost", 20)).toEqual({
    state: "ok",
    message: "the certificate of localhost is good for 20 more days",
  })
  expect(await check("localhost", 13)).toMatchObject({
    state: "warning",
    message: "the certificate of localhost ends in 13 days",
  })
  expect(await check("127.0.0.1", 1)).toMatchObject({
    state: "warning",
    message: "the certificate of 127.0.0.1 ends in 1 day",
  })
  expect(await check("localhost", 0)).toMatchObject({
    message: "the certificate of localhost ends within a day",
  })
  expect(names).toEqual(["localhost", "localhost", null, "localhost"])
})

test("a certificate of another host is refused", async () => {
  const tls = await createSelfSigned()
  const server = await opened(answering({}), tls)
  const trusting = ((options: object, listener: () => void) =>
    connect(
      { ...options, host: "127.0.0.1", servername: "auth.example.com", ca: tls.cert },
      listener,
    )) as typeof connect
  const config = configOf({ AUTHCHEMY_URL: `https://auth.example.com:${server.port}` })
  await expect(checkTls(config, Date.now(), trusting)).rejects.toThrow("does not match certificate")
})

test("behind TLS of somebody else's, a proxy has to be trusted", () => {
  expect(checkProxies(configOf()).state).toBe("ok")
  const url = { AUTHCHEMY_URL: "https://auth.example.com" }
  expect(checkProxies(configOf(url)).state).toBe("warning")
  expect(checkProxies(configOf({ ...url, AUTHCHEMY_HOST: "0.0.0.0" })).state).toBe("warning")
  expect(checkProxies(configOf({ ...url, AUTHCHEMY_TRUSTED_PROXIES: "127.0.0.1" }))).toEqual({
    state: "ok",
    message: "X-Forwarded-For is believed from 127.0.0.1",
  })
})
