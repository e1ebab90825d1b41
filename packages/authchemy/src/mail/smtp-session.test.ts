import { afterEach, expect, test, vi } from "vitest"
import { createLogger } from "../logging.ts"
import { parseMailFrom } from "./mail-from.ts"
import { createMailer } from "./mailer.ts"
import { resetPasswordMail } from "./messages.ts"
import { parseSmtpUrl } from "./smtp-url.ts"
import { answering, openRudeServer } from "./testing.ts"

const TOKEN = "bGlua3MgYXJlIHNlY3JldHMgYW5kIGdvIG5vd2hlcmU"
const PASSWORD = "s3cret"
const mail = resetPasswordMail({
  site: { name: "Example", url: "https://auth.example.com" },
  to: "ada@example.com",
  link: `https://auth.example.com/reset-password?token=${TOKEN}`,
  lifetimeMs: 3_600_000,
})

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A mailer with a server that talks as told; time limits are short. */
async function open(talk: Parameters<typeof openRudeServer>[0], credentials = "") {
  const server = await openRudeServer(talk)
  closing.push(server.close)
  const log: string[] = []
  const mailer = createMailer({
    smtp: parseSmtpUrl(`smtp://${credentials}127.0.0.1:${server.port}?tls=none`),
    from: parseMailFrom("sign-in@example.com"),
    siteName: "Example",
    logger: createLogger({ write: (line) => log.push(line) }),
    now: () => 0,
    timeouts: { connectMs: 200, greetingMs: 200, wholeMs: 400 },
  })
  return { mailer, server, log }
}

const FRIENDLY = {
  EHLO: "250-test\r\n250 AUTH PLAIN",
  AUTH: "235 ok",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  ".": "250 taken",
  QUIT: "221 bye",
}

type Talk = Parameters<typeof openRudeServer>[0]
const faults: [string, Talk][] = [
  ["says nothing", () => {}],
  ["hangs up at once", (socket) => socket.destroy()],
  ["hangs up politely at once", (socket) => socket.end()],
  ["greets with a refusal", (socket) => socket.end("554 go away\r\n")],
  ["is no mail server", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["greets and says no more", answering({})],
  ["never takes the sender", answering({ ...FRIENDLY, MAIL: () => {} })],
  ["refuses the sender", answering({ ...FRIENDLY, MAIL: "550 no" })],
  ["refuses the recipient", answering({ ...FRIENDLY, RCPT: "550 no such user" })],
  ["is busy", answering({ ...FRIENDLY, RCPT: "421 come back later" })],
  ["hangs up when the mail comes", answering({ ...FRIENDLY, DATA: hangUpInData, ".": () => {} })],
  ["never takes the mail", answering({ ...FRIENDLY, ".": () => {} })],
  ["refuses the mail", answering({ ...FRIENDLY, ".": "554 spam" })],
  ["hangs up after the mail", answering({ ...FRIENDLY, ".": (socket) => socket.destroy() })],
  ["answers without an end", (socket) => void socket.write(`220-${"x".repeat(100)}\r\n`.repeat(2_000))],
  ["greets drop by drop", (socket) => drip(socket, "220-")],
  ["answers drop by drop", answering({ ...FRIENDLY, MAIL: (socket) => drip(socket, "250-") })],
]

test.each(faults)("a mail server that %s is an error in time, and no connection is left", async (_, talk) => {
  const { mailer, server, log } = await open(talk)
  await expect(mailer.send(mail)).rejects.toMatchObject({
    code: "mail_unavailable",
    message: "mail cannot be sent",
  })
  expect(log).toHaveLength(1)
  expect(JSON.parse(log[0] ?? "")).toMatchObject({ level: "error", msg: "a mail could not be sent" })
  expect(log[0]).not.toContain(TOKEN)
  await vi.waitFor(async () => expect(await server.connections()).toBe(0))
  await mailer.close()
})

test("a server that is not there is an error", async () => {
  const { mailer, server } = await open(answering(FRIENDLY))
  await server.close()
  await expect(mailer.send(mail)).rejects.toMatchObject({
    code: "mail_unavailable",
    cause: { code: "ESOCKET" },
  })
})

test("a server that has taken the mail need not say goodbye", async () => {
  for (const QUIT of [() => {}, (socket: { destroy(): void }) => socket.destroy()]) {
    const { mailer, server, log } = await open(answering({ ...FRIENDLY, QUIT }))
    await mailer.send(mail)
    expect(log).toEqual([])
    await vi.waitFor(async () => expect(await server.connections()).toBe(0))
  }
})

test("a check goes as far as the sign-in, and quits", async () => {
  const lines: string[] = []
  const note = (answer: string) => (socket: { write(text: string): void }, line: string) => {
    lines.push(line.replace(/^(EHLO) .*/, "$1"))
    socket.write(`${answer}\r\n`)
  }
  const talk = answering({ EHLO: note(FRIENDLY.EHLO), AUTH: note(FRIENDLY.AUTH), QUIT: note(FRIENDLY.QUIT) })
  const { mailer } = await open(talk, `ada:${PASSWORD}@`)
  await mailer.check()
  expect(lines).toEqual(["EHLO", `AUTH PLAIN ${plain()}`, "QUIT"])
})

const plain = () => Buffer.from(`\0ada\0${PASSWORD}`).toString("base64")

test.each([
  ["AUTH", "535 you said AUTH PLAIN %"],
  ["MAIL", `550 your password is ${PASSWORD}, or ${Buffer.from(PASSWORD).toString("base64")}`],
  ["RCPT", `550 ${PASSWORD} ${"x".repeat(1_000)} ${PASSWORD}`],
  [".", `554 refused: ${mail.link}`],
  [".", `554 refused: ${TOKEN.slice(0, 25)} ${TOKEN.slice(20)} smtp://ada:${PASSWORD}@host`],
])("S53 what a server repeats at %s stays out of the log and the error", async (command, answer) => {
  const talk = answering({ ...FRIENDLY, [command]: answer.replace("%", plain()) })
  const { mailer, log } = await open(talk, `ada:${PASSWORD}@`)
  const error = (await mailer.send(mail).catch((fault: unknown) => fault)) as Error
  const cause = error.cause as Error
  const told = [
    log.join(),
    error.message,
    error.stack,
    cause.message,
    cause.stack,
    JSON.stringify(cause),
  ].join()
  expect(cause.message).toContain(answer.slice(0, 3))
  expect(cause.message.length).toBeLessThanOrEqual(300)
  expect(cause).not.toHaveProperty("response")
  for (const secret of [PASSWORD, plain(), TOKEN, TOKEN.slice(0, 25), TOKEN.slice(20)]) {
    expect(told).not.toContain(secret)
  }
})

/** Lets the mail begin, and hangs up on it. */
function hangUpInData(socket: Parameters<Talk>[0]): void {
  socket.write("354 go on\r\n")
  socket.once("data", () => socket.destroy())
}

/** Is never silent for long, and never done. */
function drip(socket: Parameters<Talk>[0], beginning: string): void {
  socket.write(beginning)
  const timer = setInterval(() => socket.write("x"), 20)
  socket.once("close", () => clearInterval(timer))
}
