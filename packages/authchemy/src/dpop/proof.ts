import { createHash } from "node:crypto"
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWTPayload, jwtVerify } from "jose"
import * as v from "valibot"
import { DpopError } from "./dpop-error.ts"
import { createNonces } from "./nonce.ts"
import { isTargetUri } from "./target-uri.ts"

/** What proofs may be signed with; `dpop_signing_alg_values_supported` of the metadata (RFC 9449 §5.1). */
export const DPOP_ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "RS256"] as const

const MOST_CHARACTERS = 4096
const OLDEST_MS = 5 * 60 * 1000
const CLOCK_SKEW_MS = 60 * 1000
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** Members of private and symmetric keys (RFC 7518 §6, RFC 8037 §2, RFC 9964). */
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]
/** Headers that name a key other than `jwk`. */
const OTHER_KEYS = ["jku", "kid", "x5u", "x5c", "x5t", "x5t#S256"]

/** A request as far as its proof speaks of it. */
export type ProvenRequest = {
  /** The `DPoP` header; `null` where there is none. */
  proof: string | null
  method: string
  /** As it was requested, percent-encoding included; the query may be there and is ignored. */
  path: string
  /** The access token that came with the request; where there is one, the proof must name it (`ath`). */
  accessToken?: string
}

/** Judges DPoP proofs (RFC 9449 §4.3). */
export type DpopVerifier = {
  /**
   * Resolves with the SHA-256 thumbprint (RFC 7638, base64url) of the key that the sender has proven to hold.
   * @throws DpopError `use_dpop_nonce` where only the nonce is missing or old, else `invalid_dpop_proof`; and whatever `useOnce` throws
   */
  verify(request: ProvenRequest): Promise<{ thumbprint: string }>
  /** A nonce for the `DPoP-Nonce` header of an answer, good for five minutes on every server with this secret (RFC 9449 §8). */
  nonce(): string
}

/**
 * @param options.issuer this server's origin: what `htu` is compared with, never the `Host` header
 * @param options.secret the server's secret; the nonces' key is derived from it
 * @param options.now milliseconds since the epoch
 * @param options.useOnce atomic: resolves with `true` the first time a key is given, and `false` from then on until `expiresAt`
 *   (milliseconds since the epoch). The key is a SHA-256 digest in base64url. Called last, for a proof that is good in all other
 *   respects. So one that fails uses nothing up: nobody fills the store with proofs that are worth nothing, and a proof without a
 *   good nonce needs no remembering, because it cannot be accepted later either.
 */
export function createDpopVerifier(options: {
  issuer: string
  secret: string
  now: () => number
  useOnce: (key: string, expiresAt: number) => Promise<boolean>
}): DpopVerifier {
  const { issuer, now, useOnce } = options
  const nonces = createNonces(options)

  return {
    nonce: nonces.issue,

    async verify(request) {
      const proof = requireOneProof(request)
      requireHeader(proof)
      const { payload, thumbprint } = await verifySignature(proof, now())
      const claims = narrow(Claims, payload)
      requireRequest(claims, request, issuer)
      requireFresh(claims, now())
      if (claims.nonce === undefined || !nonces.accepts(claims.nonce)) {
        const sentence =
          "Make the DPoP proof anew, with the nonce that is in the DPoP-Nonce header of this answer."
        throw new DpopError("use_dpop_nonce", sentence)
      }
      const key = createHash("sha256").update(`${thumbprint}.${claims.jti}`).digest("base64url")
      // Remembered longer than it is good: another server's clock may be behind.
      const expiresAt = Math.ceil(claims.iat * 1000) + OLDEST_MS + CLOCK_SKEW_MS
      if (!(await useOnce(key, expiresAt))) throw invalid("The DPoP proof was used before.")
      return { thumbprint }
    },
  }
}

const missing = ({ expected }: { expected: string | null }) => `The DPoP proof must have ${expected}.`

const Header = v.object(
  {
    typ: v.literal("dpop+jwt", "The DPoP proof's typ must be dpop+jwt."),
    alg: v.picklist(DPOP_ALGORITHMS, `The DPoP proof's alg must be one of ${DPOP_ALGORITHMS.join(", ")}.`),
    jwk: v.looseObject(
      { e: v.optional(v.literal("AQAB", "The RSA key of the DPoP proof must have the exponent 65537.")) },
      "The DPoP proof's jwk must be a public key.",
    ),
  },
  missing,
)

const Claims = v.object(
  {
    jti: v.pipe(
      v.string("The DPoP proof's jti must be a string."),
      v.minLength(1, "The DPoP proof's jti must not be empty."),
      v.maxLength(256, "The DPoP proof's jti must have 256 characters at most."),
    ),
    htm: v.string("The DPoP proof's htm must be a string."),
    htu: v.string("The DPoP proof's htu must be a string."),
    iat: v.number("The DPoP proof's iat must be a number."),
    ath: v.optional(v.string("The DPoP proof's ath must be a string.")),
    nonce: v.optional(v.string("The DPoP proof's nonce must be a string.")),
  },
  missing,
)
type Claims = v.InferOutput<typeof Claims>

/** Exactly one, a compact JWS of at most 4 KiB. Several headers that were joined have a comma between and fail too. */
function requireOneProof({ proof }: ProvenRequest): string {
  if (proof === null) throw invalid("The request must have one DPoP header, and has none.")
  if (proof.length > MOST_CHARACTERS || !COMPACT_JWS.test(proof)) {
    throw invalid("The DPoP header must be one compact JWS of 4 KiB at most.")
  }
  // A signature whose last character has unused bits could be spelled in several ways (RFC 4648 §3.5).
  const signature = proof.slice(proof.lastIndexOf(".") + 1)
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature) {
    throw invalid("The DPoP proof's signature is not canonical base64url.")
  }
  return proof
}

function requireHeader(proof: string): void {
  const header = readHeader(proof)
  const other = OTHER_KEYS.find((name) => Object.hasOwn(header, name))
  if (other !== undefined) throw invalid(`The DPoP proof must name its key by jwk alone, not by ${other}.`)
  const { jwk } = narrow(Header, header)
  if (SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member))) {
    throw invalid(
      "The DPoP proof carries a private key. Make a new key pair, and put its public key alone into jwk.",
    )
  }
}

function readHeader(proof: string): object {
  try {
    return decodeProtectedHeader(proof)
  } catch (cause) {
    throw invalid("The DPoP proof's header cannot be read.", cause)
  }
}

/** The key is taken from the proof itself; `jose` holds it to the algorithm, and RSA to 2048 bits. */
async function verifySignature(
  proof: string,
  now: number,
): Promise<{ payload: JWTPayload; thumbprint: string }> {
  try {
    const options = { algorithms: [...DPOP_ALGORITHMS], currentDate: new Date(now) }
    const { payload, key } = await jwtVerify(proof, EmbeddedJWK, options)
    return { payload, thumbprint: await calculateJwkThumbprint(key) }
  } catch (cause) {
    throw invalid("The DPoP proof's key, signature or claims set is not good.", cause)
  }
}

function requireRequest(claims: Claims, { method, path, accessToken }: ProvenRequest, issuer: string): void {
  if (claims.htm !== method) throw invalid("The DPoP proof's htm must be the request's method.")
  if (!isTargetUri(claims.htu, issuer, path)) {
    throw invalid("The DPoP proof's htu must be the address that was requested, on this server.")
  }
  if (accessToken === undefined) return
  const digest = createHash("sha256").update(accessToken).digest("base64url")
  if (claims.ath !== digest) throw invalid("The DPoP proof's ath must be the access token's SHA-256 digest.")
}

function requireFresh({ iat }: Claims, now: number): void {
  const age = now - iat * 1000
  if (age <= OLDEST_MS && age >= -CLOCK_SKEW_MS) return
  throw invalid("The DPoP proof's iat must be now; is the client's clock right?")
}

function narrow<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (!result.success) throw invalid(result.issues[0].message)
  return result.output
}

function invalid(sentence: string, cause?: unknown): DpopError {
  return new DpopError("invalid_dpop_proof", sentence, cause === undefined ? {} : { cause })
}
