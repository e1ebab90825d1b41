import {
  ALCHEMY_CLIENT_ID,
  type DeviceClaims,
  GRANT_TYPES,
  type GrantType,
  MAX_CLAIM_LENGTH,
  tidyClaim,
} from "@authchemy/protocol"
import { redirectUriProblem } from "@authchemy/tokens"
import * as v from "valibot"

/** A registered OAuth client (RFC 6749 §2). */
export type Client = Readonly<{
  id: string
  /** One line, shown to people. */
  name: string
  /** SHA-256 of the client's secret, base64url, 43 characters; `null`: a public client, which has none. */
  secretDigest: string | null
  /** Judge with `isRegisteredRedirectUri`: loopback matches on any port. */
  redirectUris: readonly string[]
  grants: readonly GrantType[]
  /** Tokens are given to DPoP proofs only (RFC 9449). */
  requireDpop: boolean
  /** May ask about tokens at the introspection endpoint (RFC 7662). */
  resourceServer: boolean
}>

/** The `alchemy` command. */
export const ALCHEMY_CLI: Client = frozen({
  id: ALCHEMY_CLIENT_ID,
  name: "Alchemy CLI",
  secretDigest: null,
  redirectUris: ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"],
  grants: Object.values(GRANT_TYPES),
  requireDpop: false,
  resourceServer: false,
})

/**
 * What a machine says of itself, with the program's name as it is registered: a fact takes the place of a claim. The built-in client is whatever
 * command-line program says so, and so its claim stands.
 */
export function namedByRegistration(client: Client, claims: DeviceClaims): DeviceClaims {
  return client === ALCHEMY_CLI ? claims : { ...claims, client: client.name }
}

/** The grants by the names that operators give them: `device_code` is short for the URN of RFC 8628, which is understood too. */
const GRANTS: ReadonlyMap<string, GrantType> = new Map<string, GrantType>([
  ...Object.values(GRANT_TYPES).map((grant) => [grant, grant] as const),
  ["device_code", GRANT_TYPES.deviceCode],
])

/** The name that an operator gives a grant. */
export function grantNameOf(grant: GrantType): string {
  return grant === GRANT_TYPES.deviceCode ? "device_code" : grant
}

const CLIENT_ID = /^[A-Za-z0-9._~-]{1,64}$/
/** 32 bytes: the last character holds four bits. */
const SHA256_BASE64URL = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const MOST_REDIRECT_URIS = 20

/** Whether a text can be the id of a client; another one need not be looked up. */
export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text)
}

const RedirectUri = v.pipe(
  v.string("must be a string"),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? redirectUriProblem(dataset.value) : null
    if (problem !== null) addIssue({ message: problem })
  }),
)

const Grant = v.pipe(
  v.string("must be a string"),
  v.rawTransform(({ dataset, addIssue, NEVER }): GrantType => {
    const grant = GRANTS.get(dataset.value)
    if (grant !== undefined) return grant
    addIssue({ message: "must be authorization_code, refresh_token or device_code" })
    return NEVER
  }),
)

const Flag = v.optional(v.boolean("must be true or false"), false)

const FIELDS = {
  id: v.pipe(
    v.string("must be a string"),
    v.regex(CLIENT_ID, "must be 1 to 64 letters, digits, dots, hyphens, underscores or tildes"),
  ),
  name: v.pipe(
    v.string("must be a string"),
    v.check(
      (name) => name !== "" && tidyClaim(name) === name,
      `must be one line of 1 to ${MAX_CLAIM_LENGTH} characters, without spaces at its ends`,
    ),
  ),
  redirectUris: v.optional(
    v.pipe(
      v.array(RedirectUri, "must be a list of redirect URIs"),
      v.maxLength(MOST_REDIRECT_URIS, `must have at most ${MOST_REDIRECT_URIS} entries`),
    ),
    [],
  ),
  grants: v.optional(v.array(Grant, "must be a list of grants")),
  requireDpop: Flag,
  resourceServer: Flag,
  secretDigest: v.optional(
    v.pipe(
      v.string("must be a string"),
      v.regex(SHA256_BASE64URL, "must be what `authchemy clients digest` prints: 43 characters of base64url"),
    ),
  ),
  secret: v.optional(
    v.never(
      "must not be written down here; put its digest into secretDigest: `authchemy clients digest` makes it from the secret on standard input",
    ),
  ),
}

const KNOWN_FIELDS = Object.keys(FIELDS)
  .filter((field) => field !== "secret")
  .join(", ")

/**
 * A client as operators describe it, in the clients file and on the command line; its issues' messages are the ends of sentences that
 * begin with a field. Left out, `grants` are `authorization_code` and `refresh_token` where there is a redirect URI, and none for a
 * resource server.
 */
export const ClientRegistration = v.pipe(
  v.strictObject(FIELDS, ({ expected, received }) => {
    if (expected === "never") return `is not known here; a client has ${KNOWN_FIELDS}`
    return received === "undefined" ? "is required" : "must be an object"
  }),
  v.transform(({ secret: _, ...given }): Client => {
    const redirectUris = Array.from(new Set(given.redirectUris))
    const usual = redirectUris.length > 0 ? [GRANT_TYPES.authorizationCode, GRANT_TYPES.refreshToken] : []
    const grants = Array.from(new Set(given.grants ?? usual))
    return frozen({ ...given, redirectUris, grants, secretDigest: given.secretDigest ?? null })
  }),
  v.forward(
    v.check(
      ({ grants, resourceServer }) => grants.length > 0 || resourceServer,
      "must name at least one: authorization_code, which needs a redirect URI, or device_code, which needs none",
    ),
    ["grants"],
  ),
  v.forward(
    v.check(
      ({ grants }) => grants.length !== 1 || grants[0] !== GRANT_TYPES.refreshToken,
      "must name authorization_code or device_code beside refresh_token, which only renews what they gave",
    ),
    ["grants"],
  ),
  v.forward(
    v.check(
      (client) => !sendsBack(client) || client.redirectUris.length > 0,
      "must name at least one for the grant authorization_code, for example http://127.0.0.1/callback (any port will match)",
    ),
    ["redirectUris"],
  ),
  v.forward(
    v.check(
      (client) => sendsBack(client) || client.redirectUris.length === 0,
      "must be left out without the grant authorization_code: no other sends the browser back",
    ),
    ["redirectUris"],
  ),
  v.forward(
    v.check(
      ({ resourceServer, secretDigest }) => !resourceServer || secretDigest !== null,
      "is required for a resource server, which proves with its secret who it is",
    ),
    ["secretDigest"],
  ),
)
export type ClientRegistration = v.InferInput<typeof ClientRegistration>

/** What is wrong with a registration: a path such as `redirectUris.0` (`""`: the whole), and the end of a sentence. */
export type RegistrationProblem = { field: string; message: string }

/** Narrows a registration. @returns the client, frozen, or everything that is wrong */
export function readRegistration(
  value: unknown,
): { client: Client; problems?: never } | { client?: never; problems: readonly RegistrationProblem[] } {
  const result = v.safeParse(ClientRegistration, value)
  if (result.success) return { client: result.output }
  return {
    problems: result.issues.map((issue) => ({ field: v.getDotPath(issue) ?? "", message: issue.message })),
  }
}

function sendsBack({ grants }: Client): boolean {
  return grants.includes(GRANT_TYPES.authorizationCode)
}

function frozen(client: Client): Client {
  Object.freeze(client.redirectUris)
  Object.freeze(client.grants)
  return Object.freeze(client)
}
