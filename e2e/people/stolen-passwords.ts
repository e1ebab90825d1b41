import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** A list of stolen passwords of the tests' own, on loopback, that answers range queries. */
export type StolenPasswords = {
  /** For `AUTHCHEMY_BREACHED_PASSWORDS_URL`. */
  url: string
  /** The beginnings of digests that were asked about. */
  asked: string[]
  close(): Promise<void>
}

export async function listStolenPasswords(passwords: readonly string[]): Promise<StolenPasswords> {
  const digests = passwords.map((text) => createHash("sha1").update(text).digest("hex").toUpperCase())
  const asked: string[] = []
  const server = createServer((request, response) => {
    const prefix = request.url?.slice(1) ?? ""
    asked.push(prefix)
    const found = digests.filter((digest) => digest.startsWith(prefix))
    // Padding counts nothing.
    const suffixes = [...found.map((digest) => `${digest.slice(prefix.length)}:41`), `${"0".repeat(35)}:0`]
    response.setHeader("content-type", "text/plain").end(suffixes.join("\r\n"))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
