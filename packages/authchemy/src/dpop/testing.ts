import { createHash, randomUUID } from "node:crypto"
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"

/** A client's key pair for DPoP proofs. */
export type ProofKey = { alg: string; privateKey: CryptoKey; jwk: JWK; thumbprint: string }

/** What a proof says; the rest is as a client should have it. `null` leaves a claim or a header out. */
export type ProofChanges = {
  claims?: Readonly<Record<string, unknown>>
  header?: Readonly<Record<string, unknown>>
}

export async function createProofKey(alg = "ES256"): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { alg, privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) }
}

/**
 * Makes a proof as a client would.
 * @param request.now milliseconds since the epoch
 */
export function signProof(
  key: ProofKey,
  request: { method: string; url: string; now: number; nonce?: string; accessToken?: string },
  changes: ProofChanges = {},
): Promise<string> {
  const { method, url, now, nonce, accessToken } = request
  const claims = {
    jti: randomUUID(),
    htm: method,
    htu: url,
    iat: Math.floor(now / 1000),
    ...(nonce === undefined ? {} : { nonce }),
    ...(accessToken === undefined
      ? {}
      : { ath: createHash("sha256").update(accessToken).digest("base64url") }),
    ...changes.claims,
  }
  const header = { typ: "dpop+jwt", alg: key.alg, jwk: key.jwk, ...changes.header }
  return new SignJWT(withoutNull(claims)).setProtectedHeader(withoutNull(header)).sign(key.privateKey)
}

function withoutNull<Members extends object>(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Members
}
