import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { createLogger } from "../logging.ts"
import { parseMailFrom } from "./mail-from.ts"
import { createMailer } from "./mailer.ts"
import { type Mail, resetPasswordMail, securityNoticeMail } from "./messages.ts"
import { parseSmtpUrl } from "./smtp-url.ts"
import { createSelfSigned, openMailServer } from "./testing.ts"

const TOKEN = "bGlua3MgYXJlIHNlY3JldHMgYW5kIGdvIG5vd2hlcmU"
const LINK = `https://auth.example.com/reset-password?token=${TOKEN}`
const SITE = { name: "Example", url: "https://auth.example.com" }
const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const PASSWORD = "s3cret pass"

const mail: Mail = resetPasswordMail({ site: SITE, to: "ada@example.com", link: LINK, lifetimeMs: 3_600_000 })

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const trusted = getCACertificates("default")
let pem: { cert: string; key: string }
beforeAll(async () => {
  pem = await createSelfSigned()
})
afterEach(() => setDefaultCACertificates(trusted))
afterAll(() => setDefaultCACertificates(trusted))

function open(url: string | null, from = "Example <sign-in@example.com>") {
  const log: string[] = []
  const mailer = createMailer({
    smtp: url === null ? null : parseSmtpUrl(url),
    from: parseMailFrom(from),
    siteName: "The Site",
    logger: createLogger({ write: (line) => log.push(line) }),
    now: () => NOW,
  })
  closing.push(mailer.close)
  return { mailer, log }
}

async function openServer(...options: Parameters<typeof openMailServer>) {
  const server = await openMailServer(...options)
  closing.push(server.close)
  return server
}

test("a mail arrives as text and HTML, from and to whom it should", async () => {
  const server = await openServer()
  const { mailer, log } = open(`smtp://127.0.0.1:${server.port}`)
  await mailer.send(mail)
  const [arrived, ...more] = server.mails
  expect(more).toEqual([])
  expect(arrived).toMatchObject({
    envelope: { from: "sign-in@example.com", to: ["ada@example.com"] },
    from: { name: "Example", address: "sign-in@example.com" },
    to: [{ name: "", address: "ada@example.com" }],
    subject: mail.subject,
    secure: false,
  })
  expect(arrived?.text?.replaceAll("\r\n", "\n").trim()).toBe(mail.text.trim())
  expect(arrived?.html?.replaceAll("\r\n", "\n").trim()).toBe(mail.html.trim())
  expect(arrived?.attachments).toEqual([])
  expect(Date.parse(arrived?.date ?? "")).toBe(NOW)
  expect(log).toEqual([])
})

test("a mail says that a machine wrote it, and has an id of the sender's domain", async () => {
  const server = await openServer()
  const { mailer } = open(`smtp://127.0.0.1:${server.port}`)
  await mailer.send(mail)
  await mailer.send(mail)
  const headers = server.mails.map((arrived) =>
    Object.fromEntries(arrived.headers.map(({ key, value }) => [key, value])),
  )
  expect(headers[0]).toMatchObject({
    "auto-submitted": "auto-generated",
    "x-auto-response-suppress": "All",
    "message-id": expect.stringMatching(/^<[\w-]{30,}@example\.com>$/),
  })
  expect(headers[0]?.["message-id"]).not.toBe(headers[1]?.["message-id"])
  expect(Object.keys(headers[0] ?? {})).not.toContain("x-mailer")
})

test("the site's name stands where the address has none", async () => {
  const server = await openServer()
  await open(`smtp://127.0.0.1:${server.port}`, "sign-in@example.com").mailer.send(mail)
  expect(server.mails[0]?.from).toEqual({ name: "The Site", address: "sign-in@example.com" })
})

test("letters beyond ASCII arrive", async () => {
  const server = await openServer()
  const site = { name: "Bücher & Söhne 書店", url: "https://auth.example.com" }
  const sent = resetPasswordMail({ site, to: "ada@example.com", link: LINK, lifetimeMs: 3_600_000 })
  await open(`smtp://127.0.0.1:${server.port}`, "Bücher 書店 <a@bücher.example>").mailer.send(sent)
  expect(server.mails[0]).toMatchObject({
    subject: "Set a new password for Bücher & Söhne 書店",
    from: { name: "Bücher 書店", address: expect.stringMatching(/^a@(xn--bcher-kva|bücher)\.example$/) },
    envelope: { from: expect.stringMatching(/^a@(xn--bcher-kva|bücher)\.example$/) },
    text: expect.stringContaining("at Bücher & Söhne 書店"),
    html: expect.stringContaining("Bücher &amp; Söhne 書店"),
  })
})

test.each([
  ["a recipient", { to: "ada@example.com\r\nBcc: eve@evil.example" }],
  ["a recipient of two", { to: "ada@example.com, eve@evil.example" }],
  ["a subject", { subject: "Hello\r\nBcc: eve@evil.example" }],
])("%s cannot add a header or a reader", async (_, change) => {
  const server = await openServer()
  await open(`smtp://127.0.0.1:${server.port}`)
    .mailer.send({ ...mail, ...change })
    .catch(() => {})
  for (const arrived of server.mails) {
    expect(arrived.envelope.to).toHaveLength(1)
    expect(arrived.envelope.to).not.toContain("eve@evil.example")
    expect(arrived.headers.map(({ key }) => key)).not.toContain("bcc")
  }
})

test.each([
  ["smtp", "?tls=required", false],
  ["smtps", "", true],
])("%s%s: signs in and sends over TLS, to a server that is known", async (scheme, query, secure) => {
  const server = await openServer({ ...pem, secure, allowInsecureAuth: false, users: { ada: PASSWORD } })
  setDefaultCACertificates([...trusted, pem.cert])
  const { mailer } = open(`${scheme}://ada:s3cret%20pass@localhost:${server.port}${query}`)
  await mailer.check()
  expect(server.mails).toEqual([])
  await mailer.send(mail)
  expect(server.mails).toMatchObject([{ secure: true, user: "ada" }])
})

test.each([
  ["smtp", "?tls=required", false],
  ["smtps", "", true],
])("%s%s: nothing is told to a server whose certificate nobody knows", async (scheme, query, secure) => {
  const onAuth = vi.fn()
  const server = await openServer({ ...pem, secure, users: {}, onAuth })
  const { mailer } = open(`${scheme}://ada:s3cret%20pass@localhost:${server.port}${query}`)
  await expect(mailer.check()).rejects.toMatchObject({ code: "mail_unavailable" })
  await expect(mailer.send(mail)).rejects.toMatchObject({ code: "mail_unavailable" })
  expect(onAuth).not.toHaveBeenCalled()
  expect(server.mails).toEqual([])
})

test("nothing is told to a server without STARTTLS where it is required", async () => {
  const onAuth = vi.fn()
  const server = await openServer({ users: {}, onAuth })
  const { mailer } = open(`smtp://ada:s3cret%20pass@localhost:${server.port}?tls=required`)
  await expect(mailer.send(mail)).rejects.toMatchObject({ code: "mail_unavailable" })
  expect(onAuth).not.toHaveBeenCalled()
  expect(server.mails).toEqual([])
})

test("opportunistic: over TLS with whom it may be, and in clear where there is none", async () => {
  const withTls = await openServer(pem)
  const without = await openServer()
  await open(`smtp://127.0.0.1:${withTls.port}?tls=opportunistic`).mailer.send(mail)
  await open(`smtp://127.0.0.1:${without.port}?tls=opportunistic`).mailer.send(mail)
  await open(`smtp://127.0.0.1:${withTls.port}?tls=none`).mailer.send(mail)
  expect(withTls.mails.map(({ secure }) => secure)).toEqual([true, false])
  expect(without.mails.map(({ secure }) => secure)).toEqual([false])
})

test("S53 a password that is refused is in no log and no error, though the server repeats it", async () => {
  const server = await openServer({ users: { ada: "another" } })
  const { mailer, log } = open(`smtp://ada:s3cret%20pass@127.0.0.1:${server.port}`)
  const error: unknown = await mailer.send(mail).catch((fault: unknown) => fault)
  expect(error).toMatchObject({
    code: "mail_unavailable",
    cause: { code: "EAUTH", message: expect.stringContaining("535") },
  })
  expect(log).toHaveLength(1)
  expect(JSON.parse(log[0] ?? "")).toMatchObject({
    level: "error",
    msg: "a mail could not be sent",
    server: `127.0.0.1:${server.port}`,
    err: { code: "mail_unavailable", cause: { message: expect.stringContaining("no ada with …") } },
  })
  expect(log[0]).not.toContain(PASSWORD)
  expect(log[0]).not.toContain(TOKEN)
  await expect(mailer.check()).rejects.toMatchObject({ code: "mail_unavailable" })
  expect(log).toHaveLength(1)
})

test("a server that offers no sign-in gets no password", async () => {
  const server = await openServer({ disabledCommands: ["AUTH", "STARTTLS"] })
  const { mailer } = open(`smtp://ada:s3cret%20pass@127.0.0.1:${server.port}`)
  await expect(mailer.check()).rejects.toMatchObject({
    cause: { message: "the mail server offers no sign-in on this connection" },
  })
})

test("no mail server: the link is logged for the operator, and nothing else of the mail is", async () => {
  const { mailer, log } = open(null)
  expect(mailer.canSend).toBe(false)
  await mailer.check()
  await mailer.send(mail)
  expect(log.map((line) => JSON.parse(line))).toEqual([
    {
      level: "warn",
      time: expect.any(String),
      to: "ada@example.com",
      subject: "Set a new password for Example",
      link: LINK,
      msg: "no mail server is configured; pass this link on by hand",
    },
  ])
})

test("no mail server: a mail without a secret link is only named", async () => {
  const { mailer, log } = open(null)
  const resetUrl = "https://auth.example.com/forgot"
  await mailer.send(
    securityNoticeMail({
      site: SITE,
      to: "a@example.com",
      what: "passkey_added",
      at: NOW,
      address: null,
      resetUrl,
    }),
  )
  expect(log).toHaveLength(1)
  expect(JSON.parse(log[0] ?? "")).toMatchObject({
    level: "info",
    to: "a@example.com",
    msg: "no mail server is configured; this mail was not sent",
  })
  expect(log[0]).not.toContain("link")
})

test("closing waits for a mail that is on its way, and refuses the next", async () => {
  let arrived = () => {}
  const reached = new Promise<void>((resolve) => {
    arrived = resolve
  })
  let goOn = () => {}
  const server = await openServer({
    onRcptTo: (_, __, done) => {
      goOn = () => done()
      arrived()
    },
  })
  const { mailer } = open(`smtp://127.0.0.1:${server.port}`)
  expect(mailer.canSend).toBe(true)
  const sent = mailer.send(mail)
  await reached
  let closed = false
  const closes = mailer.close().then(() => {
    closed = true
  })
  await expect(mailer.send(mail)).rejects.toMatchObject({ cause: { message: "the mailer is closed" } })
  expect(closed).toBe(false)
  goOn()
  await Promise.all([sent, closes])
  expect(server.mails).toHaveLength(1)
})

test("many mails at once all arrive, and no connection is left", async () => {
  const server = await openServer()
  const { mailer } = open(`smtp://127.0.0.1:${server.port}`)
  await Promise.all(Array.from({ length: 20 }, () => mailer.send(mail)))
  expect(server.mails).toHaveLength(20)
  await vi.waitFor(async () => expect(await server.connections()).toBe(0))
})
