import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import PostalMime, { type Email } from "postal-mime"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"

/** A mail as it arrived, and how. */
export type ArrivedMail = Email & {
  raw: string
  envelope: { from: string; to: string[] }
  /** Whether it came over TLS. */
  secure: boolean
  user: string | null
}

/** A real mail server on loopback that keeps what it is sent. */
export type TestMailServer = {
  port: number
  mails: ArrivedMail[]
  /** How many connections are open. */
  connections(): Promise<number>
  close(): Promise<void>
}

/** @param options of `smtp-server`; `users` by name with their passwords, where sign-in is asked for */
export async function openMailServer(
  options: SMTPServerOptions & { users?: Record<string, string> } = {},
): Promise<TestMailServer> {
  const { users, ...rest } = options
  const mails: ArrivedMail[] = []
  const server = new SMTPServer({
    disableReverseLookup: true,
    authOptional: users === undefined,
    disabledCommands: rest.cert === undefined ? ["STARTTLS"] : [],
    allowInsecureAuth: true,
    onAuth: ({ username = "", password }, _, done) => {
      if (users?.[username] === password) done(null, { user: username })
      else done(Object.assign(new Error(`no ${username} with ${password}`), { responseCode: 535 }))
    },
    onData: (stream, session, done) => {
      receive(stream)
        .then(async (raw) => {
          const { mailFrom, rcptTo } = session.envelope
          const envelope = {
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map((recipient) => recipient.address),
          }
          const email = await PostalMime.parse(raw)
          mails.push({ ...email, raw, envelope, secure: session.secure, user: session.user ?? null })
        })
        .then(() => done(), done)
    },
    ...rest,
  })
  server.on("error", () => {})
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: portOf(server.server),
    mails,
    connections: () => countConnections(server.server),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** A server on loopback that does not keep to SMTP. @param talk called once for each connection */
export async function openRudeServer(
  talk: (socket: Socket) => void,
): Promise<{ port: number; connections(): Promise<number>; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.once("close", () => sockets.delete(socket))
    talk(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: portOf(server),
    connections: () => countConnections(server),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Greets, and answers each command by its first word. A word without an answer gets none. */
export function answering(answers: Record<string, string | ((socket: Socket, line: string) => void)>) {
  return (socket: Socket): void => {
    socket.write("220 test ESMTP\r\n")
    socket.setEncoding("latin1")
    let rest = ""
    socket.on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\r\n")
      rest = lines.pop() ?? ""
      for (const line of lines) {
        const answer = answers[line.split(/[ :]/)[0]?.toUpperCase() ?? ""]
        if (typeof answer === "function") answer(socket, line)
        else if (answer !== undefined) socket.write(`${answer}\r\n`)
      }
    })
  }
}

/** A certificate for 127.0.0.1 and localhost that nobody has signed, as PEM. Needs the command `openssl`. */
export async function createSelfSigned(): Promise<{ cert: string; key: string }> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-mail-certificate-"))
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")]
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
  const names = ["-subj", "/CN=Test mail", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
  try {
    await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert])
    return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function receive(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}
