import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { isLoopbackHost, tidyClaim } from "@authchemy/protocol"
import * as v from "valibot"
import { ConfigError, type ConfigProblem } from "../../config-error.ts"
import { parseSignUp } from "../sign-up-policy.ts"

/** An upstream OpenID Connect provider, as the operator configured it. */
export type ProviderSettings = Readonly<{
  /** Stands in the callback's address and in the database. */
  id: string
  /** Shown to people: "Continue with …". */
  name: string
  /** As the provider writes it; compared as it stands. */
  issuer: string
  clientId: string
  clientSecret: string
  /** `openid` among them. */
  scopes: readonly string[]
  /**
   * The mail domains that it may vouch for, in lower case and Punycode: it makes and finds accounts with such emails only, and makes them where sign-up is closed,
   * too, because it is then the operator's own directory. `null`: any email that it has verified; accounts are made where the sign-up policy allows.
   */
  emailDomains: readonly string[] | null
}>

const FILE = "AUTHCHEMY_PROVIDERS_FILE"
const SHAPE = "must be [ { … }, … ], a list of providers"
const MOST_PROVIDERS = 20
const DEFAULT_SCOPES = ["openid", "email", "profile"]

const Text = (rule: string, longest: number) =>
  v.pipe(v.string(rule), v.trim(), v.minLength(1, rule), v.maxLength(longest, rule))

const ID_RULE = "must be 1 to 32 small letters, digits and hyphens, and begin with a letter or a digit"
const Id = v.pipe(v.string(ID_RULE), v.regex(/^[a-z0-9][a-z0-9-]{0,31}$/, ID_RULE))

const NAME_RULE = "must be a name of 1 to 64 characters"
const Name = v.pipe(
  Text(NAME_RULE, 64),
  v.check((name) => tidyClaim(name) === name, "must be one line without control characters"),
)

const ISSUER_RULE =
  "must be the issuer's https address without a query, for example https://login.example.com (http only for localhost)"
const Issuer = v.pipe(v.string(ISSUER_RULE), v.trim(), v.check(isIssuer, ISSUER_RULE))

const SECRET_RULE = "must be a text of 1 to 2,048 characters"
const SCOPES_RULE = 'must be a list of scopes, for example ["openid", "email", "profile"]'
const Scope = v.pipe(v.string(SCOPES_RULE), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, SCOPES_RULE))
const DOMAINS_RULE = 'must be a list of mail domains, for example ["example.com"]'

const Entry = v.strictObject(
  {
    id: Id,
    name: Name,
    issuer: Issuer,
    clientId: Text("must be a text of 1 to 512 characters", 512),
    clientSecret: v.optional(Text(SECRET_RULE, 2048)),
    clientSecretFile: v.optional(Text("must be the path of a file", 4096)),
    scopes: v.optional(
      v.pipe(v.array(Scope, SCOPES_RULE), v.minLength(1, SCOPES_RULE), v.maxLength(20, SCOPES_RULE)),
    ),
    emailDomains: v.optional(
      v.pipe(
        v.array(v.string(DOMAINS_RULE), DOMAINS_RULE),
        v.minLength(1, DOMAINS_RULE),
        v.maxLength(100, DOMAINS_RULE),
      ),
    ),
  },
  (issue) =>
    issue.expected === "never"
      ? "is not known; known are id, name, issuer, clientId, clientSecret, clientSecretFile, scopes and emailDomains"
      : issue.expected === "Object"
        ? "must be { … }"
        : "is missing",
)

/**
 * Reads the upstream providers: one from `AUTHCHEMY_PROVIDER_*` and those of the file that `AUTHCHEMY_PROVIDERS_FILE` names: JSON,
 * `[{ "id", "name", "issuer", "clientId", "clientSecret" | "clientSecretFile", "scopes"?, "emailDomains"? }]`. A `clientSecretFile` is found from the directory of
 * that file. An empty variable counts as unset.
 * @returns frozen; the one from the variables first
 * @throws ConfigError with every mistake, each naming its variable, its place, and what that accepts; never a secret
 */
export function readProviders(
  env: Readonly<Record<string, string | undefined>>,
): readonly ProviderSettings[] {
  const problems: ConfigProblem[] = []
  const providers = [...readVariables(env, problems), ...readFile(env[FILE]?.trim() || null, problems)]
  const ids = new Set<string>()
  for (const { id } of providers) {
    if (ids.has(id)) problems.push({ variable: FILE, message: `the id ${JSON.stringify(id)} is there twice` })
    ids.add(id)
  }
  if (providers.length > MOST_PROVIDERS) {
    problems.push({ variable: FILE, message: `must name at most ${MOST_PROVIDERS} providers` })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(providers)
}

const VARIABLES = {
  issuer: "AUTHCHEMY_PROVIDER_ISSUER",
  clientId: "AUTHCHEMY_PROVIDER_CLIENT_ID",
  clientSecret: "AUTHCHEMY_PROVIDER_CLIENT_SECRET",
  name: "AUTHCHEMY_PROVIDER_NAME",
  id: "AUTHCHEMY_PROVIDER_ID",
} as const

function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
): ProviderSettings[] {
  const given: Record<string, string> = {}
  for (const [field, variable] of Object.entries(VARIABLES)) {
    const text = env[variable]?.trim()
    if (text) given[field] = text
  }
  if (Object.keys(given).length === 0) return []
  const missing = (["issuer", "clientId", "clientSecret"] as const).filter(
    (field) => given[field] === undefined,
  )
  for (const field of missing) {
    problems.push({
      variable: VARIABLES[field],
      message: "must be set beside the other AUTHCHEMY_PROVIDER_ variables",
    })
  }
  const issuer = given.issuer ?? ""
  const name = given.name ?? (URL.canParse(issuer) ? new URL(issuer).hostname.slice(0, 64) : "SSO")
  const result = v.safeParse(Entry, { id: "sso", ...given, name })
  if (result.success)
    return missing.length > 0 ? [] : [settingsOf(result.output, result.output.clientSecret ?? "", null)]
  for (const issue of result.issues) {
    const field = String(issue.path?.[0]?.key)
    const variable = Object.entries(VARIABLES).find(([name]) => name === field)?.[1]
    if (variable !== undefined && !missing.some((one) => one === field)) {
      problems.push({ variable, message: issue.message })
    }
  }
  return []
}

function readFile(path: string | null, problems: ConfigProblem[]): ProviderSettings[] {
  if (path === null) return []
  const file = resolve(path)
  const add = (message: string) => problems.push({ variable: FILE, message: `${file}: ${message}` })
  const text = readText(file)
  if (text === null) {
    const message = `must be a file that this user can read, got ${JSON.stringify(path)}`
    problems.push({ variable: FILE, message })
    return []
  }
  const entries = entriesIn(text)
  if (typeof entries === "string") {
    add(entries)
    return []
  }
  return entries.flatMap((entry, index) => {
    const label = labelOf(index, entry)
    const { provider, wrong } = readEntry(entry, dirname(file))
    for (const message of wrong) add(`${label}: ${message}`)
    return provider === null ? [] : [provider]
  })
}

function readEntry(
  entry: unknown,
  directory: string,
): { provider: ProviderSettings | null; wrong: readonly string[] } {
  const result = v.safeParse(Entry, entry)
  if (!result.success) {
    return {
      provider: null,
      wrong: result.issues.map(({ path, message }) => {
        const [{ key: field = "" } = {}, at] = path ?? []
        const place = typeof at?.key === "number" ? `${field}[${at.key}]` : String(field)
        return place === "" ? message : `${place}: ${message}`
      }),
    }
  }
  const { clientSecret, clientSecretFile, emailDomains } = result.output
  const wrong: string[] = []
  if ((clientSecret === undefined) === (clientSecretFile === undefined)) {
    wrong.push("must have either clientSecret or clientSecretFile")
  }
  const secret =
    clientSecretFile === undefined ? clientSecret : readText(resolve(directory, clientSecretFile))?.trim()
  if (clientSecretFile !== undefined && !secret) {
    wrong.push(
      `clientSecretFile: must be a file that this user can read and that is not empty, got ${JSON.stringify(clientSecretFile)}`,
    )
  }
  const domains = emailDomains?.map((domain, index) => {
    const read = readDomain(domain)
    if (read === null)
      wrong.push(`emailDomains[${index}]: must be a mail domain, got ${JSON.stringify(domain)}`)
    return read ?? ""
  })
  if (wrong.length > 0) return { provider: null, wrong }
  return { provider: settingsOf(result.output, secret ?? "", domains ?? null), wrong }
}

function settingsOf(
  entry: v.InferOutput<typeof Entry>,
  clientSecret: string,
  emailDomains: readonly string[] | null,
): ProviderSettings {
  const { id, name, issuer, clientId, scopes = DEFAULT_SCOPES } = entry
  return Object.freeze({
    ...{ id, name, issuer, clientId, clientSecret },
    scopes: Object.freeze([...new Set(["openid", ...scopes])]),
    emailDomains: emailDomains === null ? null : Object.freeze(emailDomains),
  })
}

function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#@\s\\]/.test(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname))
}

/** One domain, read as the sign-up policy reads it. */
function readDomain(text: string): string | null {
  try {
    const policy = parseSignUp(text)
    return policy.kind === "domains" && policy.domains.length === 1 ? (policy.domains[0] ?? null) : null
  } catch {
    return null
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}

/** The entries, or what is wrong. The parser's own message repeats a piece of the file; only the place is taken from it. */
function entriesIn(text: string): readonly unknown[] | string {
  try {
    const entries: unknown = JSON.parse(text)
    return Array.isArray(entries) ? entries : SHAPE
  } catch (error) {
    const place = error instanceof Error ? /\(line \d+ column \d+\)/.exec(error.message)?.[0] : undefined
    return place === undefined ? "must be JSON" : `must be JSON ${place}`
  }
}

/** Which provider a message is about: by its place, and by its id where it has one. */
function labelOf(index: number, entry: unknown): string {
  const id = typeof entry === "object" && entry !== null && "id" in entry ? entry.id : undefined
  return v.is(Id, id) ? `provider ${index + 1} (${id})` : `provider ${index + 1}`
}
