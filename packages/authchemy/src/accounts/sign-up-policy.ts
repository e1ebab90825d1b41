import { domainToASCII, domainToUnicode } from "node:url"

/** Who may create an account. `domains`: in lower case, internationalized ones in Punycode. */
export type SignUpPolicy =
  | Readonly<{ kind: "open" }>
  | Readonly<{ kind: "closed" }>
  | Readonly<{ kind: "domains"; domains: readonly string[] }>

/** How many domains a sentence names at most. */
const NAMED = 5

/**
 * Reads `open` (or `true`, `1`), `closed` (or `false`, `0`), or mail domains with commas between.
 * @throws Error with the end of a sentence that says what is accepted
 */
export function parseSignUp(text: string): SignUpPolicy {
  const word = text.trim().toLowerCase()
  if (/^(open|true|1)$/.test(word)) return Object.freeze({ kind: "open" })
  if (/^(closed|false|0)$/.test(word)) return Object.freeze({ kind: "closed" })
  const domains = text.split(",").map((entry) => parseDomain(entry.trim()))
  return Object.freeze({ kind: "domains", domains: Object.freeze([...new Set(domains)]) })
}

/**
 * Why somebody with this email cannot create an account, as a sentence for the form; `null` where they can. A domain is matched whole: its subdomains are
 * other domains. Says nothing of whether the email is theirs: under `domains` it has to be verified before the account is worth anything.
 */
export function signUpProblem(policy: SignUpPolicy, email: string): string | null {
  if (policy.kind === "open") return null
  if (policy.kind === "closed") {
    return "New accounts cannot be created here. Ask the people who run this server for one."
  }
  const [local, domain, ...rest] = email.split("@")
  const found = rest.length === 0 && local ? toPunycode(domain ?? "") : null
  if (found !== null && policy.domains.includes(found)) return null
  return `Accounts here are for email addresses at ${inWords(policy.domains)}. Use such an address.`
}

/** The mail domains that an account can be created with, in words; `null` where a policy names none. */
export function signUpDomains(policy: SignUpPolicy): string | null {
  return policy.kind === "domains" ? inWords(policy.domains) : null
}

function parseDomain(text: string): string {
  const domain = toPunycode(text)
  const labels = domain?.split(".") ?? []
  if (domain !== null && labels.length > 1 && !/^\d+$/.test(labels.at(-1) ?? "")) return domain
  throw new Error(
    `must be open, closed, or mail domains with commas between, for example example.com, example.org; got ${JSON.stringify(text)}`,
  )
}

/** The domain in lower case and Punycode; `null` where it is none. */
function toPunycode(text: string): string | null {
  // Node reads the text as the host of a URL: it decodes %2e, and ends it at a slash. So nothing but names gets there.
  const isName = /^[\p{L}\p{N}\p{M}-]+(\.[\p{L}\p{N}\p{M}-]+)*$/u.test(text)
  const ascii = isName ? domainToASCII(text.toLowerCase()) : ""
  return ascii !== "" && ascii.length <= 253 && ascii.split(".").every(isLabel) ? ascii : null
}

function isLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

function inWords(domains: readonly string[]): string {
  const names = domains.map((domain) => domainToUnicode(domain) || domain)
  if (names.length > NAMED)
    return `${names.slice(0, NAMED).join(", ")} and ${names.length - NAMED} more domains`
  const last = names.at(-1) ?? ""
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${last}` : last
}
