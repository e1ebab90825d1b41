import type SMTPConnection from "nodemailer/lib/smtp-connection"
import type { SmtpServer } from "./smtp-url.ts"

/** How long a mail server may take, in milliseconds: to be connected to, TLS and the greeting included; to greet; for everything together. */
export type SmtpTimeouts = { connectMs: number; greetingMs: number; wholeMs: number }

/** How long a server that has taken the mail may take to say goodbye, in milliseconds. */
const GOODBYE_MS = 1_000
/** No answer of SMTP is longer than some lines. */
const MAX_ANSWER_BYTES = 64 * 1024

/** A message as it goes over the wire. */
export type RawMail = { from: string; to: string; message: Buffer }

/**
 * One connection to a mail server: greeting, `EHLO`, TLS and sign-in as configured, the mail where there is one, `QUIT` (RFC 5321). Nothing of it is left when this
 * settles.
 * @throws the fault as nodemailer says it, which may repeat what the server said
 */
export async function inSmtpSession(
  server: SmtpServer,
  timeouts: SmtpTimeouts,
  mail: RawMail | null,
): Promise<void> {
  const { default: Connection } = await import("nodemailer/lib/smtp-connection")
  const connection = new Connection({
    host: server.host,
    port: server.port,
    ...TLS[server.tls],
    connectionTimeout: timeouts.connectMs,
    dnsTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.wholeMs,
    socketCloseTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
  })
  const { promise: broken, reject } = Promise.withResolvers<never>()
  broken.catch(() => {})
  const ended = new Promise<void>((resolve) => connection.once("end", () => resolve()))
  connection.on("error", reject)
  const timer = setTimeout(
    () => reject(new Error(`the mail server took longer than ${timeouts.wholeMs} ms`)),
    timeouts.wholeMs,
  )
  try {
    await Promise.race([broken, converse(connection, server, mail)])
    connection.quit()
    await settledWithin(ended, GOODBYE_MS)
  } finally {
    clearTimeout(timer)
    connection.close()
  }
}

const TLS = {
  implicit: { secure: true },
  required: { secure: false, requireTLS: true },
  // Whoever can read along could as well have hidden that the server offers TLS: to ask for a certificate would only lose mail.
  opportunistic: { secure: false, opportunisticTLS: true, tls: { rejectUnauthorized: false } },
  none: { secure: false, ignoreTLS: true },
} as const

async function converse(connection: SMTPConnection, server: SmtpServer, mail: RawMail | null): Promise<void> {
  await answerOf((done) => connection.connect(done))
  const { credentials } = server
  if (credentials !== null) {
    if (!connection.allowsAuth) throw new Error("the mail server offers no sign-in on this connection")
    await answerOf((done) =>
      connection.login({ credentials: { user: credentials.user, pass: credentials.password } }, done),
    )
  }
  if (mail === null) return
  const envelope = { from: mail.from, to: [mail.to], size: mail.message.byteLength }
  await answerOf((done) => connection.send(envelope, mail.message, done))
}

/** Resolves when the connection reports success, and rejects with the error that it reports. */
function answerOf(ask: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve())))
}

async function settledWithin(work: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}
