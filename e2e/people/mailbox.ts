import { once } from "node:events"
import type { AddressInfo } from "node:net"
import PostalMime, { type Email } from "postal-mime"
import { SMTPServer } from "smtp-server"

/** A mail server of the tests' own, on loopback, that keeps what it is given. */
export type Mailbox = {
  /** For `AUTHCHEMY_SMTP_URL`. */
  url: string
  port: number
  mails: Email[]
  /** The newest mail to somebody whose subject matches, also one that is still on its way. Takes it out. */
  take(to: string, subject: RegExp): Promise<Email>
  close(): Promise<void>
}

/**
 * @param port one to come back on; a free one where left out
 * @param credentials whom it takes mail from; from anybody where left out
 */
export async function openMailbox(
  port = 0,
  credentials: { user: string; password: string } | null = null,
): Promise<Mailbox> {
  const mails: Email[] = []
  const watchers = new Set<() => void>()
  const server = new SMTPServer({
    authOptional: credentials === null,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      const known = username === credentials?.user && password === credentials?.password
      done(known ? null : new Error("not known here"), known ? { user: username } : undefined)
    },
    disabledCommands: ["STARTTLS"],
    onData: async (stream, _session, done) => {
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      mails.push(await PostalMime.parse(Buffer.concat(chunks)))
      done()
      for (const watcher of watchers) watcher()
    },
  })
  server.on("error", () => {})
  server.listen(port, "127.0.0.1")
  await once(server.server, "listening")
  const { port: bound } = server.server.address() as AddressInfo
  const who = credentials === null ? "" : `${credentials.user}:${encodeURIComponent(credentials.password)}@`
  return {
    url: `smtp://${who}127.0.0.1:${bound}`,
    port: bound,
    mails,
    take: (to, subject) =>
      new Promise((resolve) => {
        const look = () => {
          const at = mails.findLastIndex(
            (mail) => mail.to?.some(({ address }) => address === to) && subject.test(mail.subject ?? ""),
          )
          const [mail] = at < 0 ? [] : mails.splice(at, 1)
          if (mail === undefined) return
          watchers.delete(look)
          resolve(mail)
        }
        watchers.add(look)
        look()
      }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The one link of a mail. */
export function linkIn(mail: Email): string {
  const [link] = /https?:\/\/\S+token=\S+/.exec(mail.text ?? "") ?? []
  if (link === undefined) throw new Error(`there is no link in the mail:\n${mail.text}`)
  return link
}
