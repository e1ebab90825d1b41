import { domainToASCII } from "node:url"

/** Who mail comes from. `name` is `null` where none is given. */
export type MailFrom = Readonly<{ name: string | null; address: string }>

const LONGEST_NAME = 100
const LONGEST_ADDRESS = 254

/**
 * Reads `address` or `Name <address>`; the name may stand in quotes.
 * @throws Error with the end of a sentence that says what is accepted
 */
export function parseMailFrom(text: string): MailFrom {
  const [, written = "", bracketed] = /^([^<>]*)<([^<>]*)>$/.exec(text.trim()) ?? []
  const address = toAddress(bracketed ?? text.trim())
  const given = written.trim()
  const name = /^"(.*)"$/.exec(given)?.[1]?.trim() ?? given
  // Nothing that could end the header, end the quotes, or turn the text around.
  if (address === null || name.length > LONGEST_NAME || /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name)) {
    throw new Error(
      `must be an address, or a name and an address, for example Example <sign-in@example.com>; got ${JSON.stringify(text)}`,
    )
  }
  return Object.freeze({ name: name === "" ? null : name, address })
}

/** Who mail comes from where nothing is configured: `no-reply` at the server's own host. @param issuer this server's origin */
export function defaultMailFrom(issuer: string): MailFrom {
  const address = toAddress(`no-reply@${new URL(issuer).hostname}`)
  // A server that is reached by its IP address has no domain for mail.
  return Object.freeze({ name: null, address: address ?? "no-reply@localhost" })
}

/** An address as SMTP takes it (RFC 5321 §4.1.2), without quotes, its domain in Punycode. A host without a dot is allowed: `localhost`. */
function toAddress(text: string): string | null {
  const [local = "", domain = "", ...rest] = text.split("@")
  const isLocal = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/.test(local) && !/^\.|\.\.|\.$/.test(local)
  if (rest.length > 0 || !isLocal || !/^[\p{L}\p{N}\p{M}.-]+$/u.test(domain)) return null
  const labels = domainToASCII(domain).split(".")
  const isDomain = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  const address = `${local}@${labels.join(".")}`
  const isHost = isDomain && !/^\d+$/.test(labels.at(-1) ?? "")
  return isHost && address.length <= LONGEST_ADDRESS ? address : null
}
