import type { Logger } from "pino"
import { withoutSecrets } from "../logging.ts"
import type { MailFrom } from "./mail-from.ts"
import type { Mail } from "./messages.ts"
import { inSmtpSession, type RawMail, type SmtpTimeouts } from "./smtp-session.ts"
import type { SmtpServer } from "./smtp-url.ts"

/** Sends mail, one connection a mail. Nothing is queued and nothing is tried again: whoever asked for the mail is told, and asks again. */
export type Mailer = {
  /** `false`: no mail server is configured, and links go to the log. */
  readonly canSend: boolean
  /**
   * Goes as far as a mail would, without sending one: connects, signs in, and quits. Does nothing where no mail server is configured.
   * @throws MailUnavailableError
   */
  check(): Promise<void>
  /**
   * Resolves when the mail server has taken the mail. Where none is configured, the mail's link is logged for the operator instead.
   * @throws MailUnavailableError, of which the log knows already
   */
  send(mail: Mail): Promise<void>
  /** Waits for the mails that are on their way; what is sent later is refused. */
  close(): Promise<void>
}

/** The mail server did not take the mail, or is out of reach. `cause` says why, and holds no credentials and no link. */
export class MailUnavailableError extends Error {
  readonly code = "mail_unavailable"
  constructor(cause: Error) {
    super("mail cannot be sent", { cause })
    this.name = "MailUnavailableError"
  }
}

const TIMEOUTS: SmtpTimeouts = { connectMs: 5_000, greetingMs: 5_000, wholeMs: 15_000 }

/**
 * @param options.smtp `null`: no mail server; links are logged
 * @param options.siteName the sender's name, where `from` has none
 * @param options.now milliseconds since the epoch, for the `Date` header
 * @param options.timeouts 5 s to connect, 5 s for the greeting and 15 s in all unless told otherwise
 */
export function createMailer(options: {
  smtp: SmtpServer | null
  from: MailFrom
  siteName: string
  logger: Pick<Logger, "info" | "warn" | "error">
  now: () => number
  timeouts?: SmtpTimeouts
}): Mailer {
  const { smtp, logger, now, timeouts = TIMEOUTS } = options
  const from = { name: options.from.name ?? options.siteName, address: options.from.address }
  const underWay = new Set<Promise<void>>()
  let closed = false

  const converse = async (server: SmtpServer, mail: Mail | null) => {
    try {
      if (closed) throw new Error("the mailer is closed")
      const raw = mail === null ? null : await compose(mail, from, now())
      await inSmtpSession(server, timeouts, raw)
    } catch (error) {
      throw new MailUnavailableError(withoutCredentials(error, server, mail))
    }
  }
  const tracked = async (work: Promise<void>) => {
    underWay.add(work)
    try {
      await work
    } finally {
      underWay.delete(work)
    }
  }

  return {
    canSend: smtp !== null,

    check: async () => {
      if (smtp !== null) await tracked(converse(smtp, null))
    },

    send: async (mail) => {
      const { to, subject, link } = mail
      if (smtp === null) {
        if (link === null)
          logger.info({ to, subject }, "no mail server is configured; this mail was not sent")
        // The one place where a secret is logged: without mail, the operator is the one who can pass it on.
        else logger.warn({ to, subject, link }, "no mail server is configured; pass this link on by hand")
        return
      }
      try {
        await tracked(converse(smtp, mail))
      } catch (error) {
        logger.error({ err: error, server: `${smtp.host}:${smtp.port}`, subject }, "a mail could not be sent")
        throw error
      }
    },

    close: async () => {
      closed = true
      await Promise.allSettled(underWay)
    },
  }
}

/** Builds the message (RFC 5322, RFC 2046): text, and HTML beside it. */
async function compose(mail: Mail, from: { name: string; address: string }, now: number): Promise<RawMail> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer")
  const message = new MailComposer({
    from,
    to: { name: "", address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    date: new Date(now),
    // No machine answers it (RFC 3834), and no out-of-office notes come back from Exchange.
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile()
  const envelope = message.getEnvelope()
  const [to, ...more] = envelope.to
  if (to === undefined || more.length > 0) throw new Error("a mail has exactly one recipient")
  return { from: from.address, to, message: await message.build() }
}

const LONGEST_REASON = 300

/** What went wrong, in a new error: servers repeat what they were sent, and nodemailer's errors carry the server's words along. */
function withoutCredentials(error: unknown, server: SmtpServer, mail: Mail | null): Error {
  const secrets = server.credentials === null ? [] : writtenForms(server.credentials)
  if (mail?.link) secrets.push(mail.link)
  let reason = (error instanceof Error ? error.message : String(error)).slice(0, 10 * LONGEST_REASON)
  for (const secret of secrets) reason = reason.replaceAll(secret, "…")
  // Whatever looks like a token or like base64, however it has been cut up.
  reason = withoutSecrets(reason).replace(/[\w+/=-]{20,}/g, "…")
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return Object.assign(new Error(reason.slice(0, LONGEST_REASON)), typeof code === "string" ? { code } : {})
}

/** A password as it is, and as `AUTH LOGIN` and `AUTH PLAIN` (RFC 4616) send it. */
function writtenForms({ user, password }: NonNullable<SmtpServer["credentials"]>): string[] {
  const encoded = [password, `\0${user}\0${password}`].map((text) => Buffer.from(text).toString("base64"))
  return [...encoded, password]
}
