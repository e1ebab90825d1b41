import { generateKeyPairSync, KeyObject, sign } from "node:crypto"
import fc from "fast-check"
import { type CryptoKey, exportJWK } from "jose"
import { beforeAll, beforeEach, describe, expect, test } from "vitest"
import { createDpopVerifier, DPOP_ALGORITHMS, type DpopVerifier, type ProvenRequest } from "./proof.ts"
import { createProofKey, type ProofChanges, type ProofKey, signProof } from "./testing.ts"

const ISSUER = "https://auth.example.com"
const PATH = "/oauth/token"
const START = Date.parse("2026-11-23T22:05:00.000Z")
const ACCESS_TOKEN = "at_secret"

let clock: number
let used: Map<string, number>
let verifier: DpopVerifier
let key: ProofKey

const open = (secret = "s".repeat(32)) =>
  createDpopVerifier({
    issuer: ISSUER,
    secret,
    now: () => clock,
    useOnce: async (digest, expiresAt) => {
      if (used.has(digest)) return false
      used.set(digest, expiresAt)
      return true
    },
  })
const proofOf = (changes: ProofChanges = {}, by = key, accessToken?: string) =>
  signProof(
    by,
    {
      method: "POST",
      url: ISSUER + PATH,
      now: clock,
      nonce: verifier.nonce(),
      ...(accessToken === undefined ? {} : { accessToken }),
    },
    changes,
  )
const verify = (proof: string | null, change: Partial<ProvenRequest> = {}, by = verifier) =>
  by.verify({ proof, method: "POST", path: PATH, ...change })

beforeAll(async () => {
  key = await createProofKey()
})
beforeEach(() => {
  clock = START
  used = new Map()
  verifier = open()
})

const refused = async (
  attempt: Promise<unknown>,
  sentence: RegExp,
  code: "invalid_dpop_proof" | "use_dpop_nonce" = "invalid_dpop_proof",
) => {
  await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) })
  expect(used.size).toBe(0)
}

test.each(DPOP_ALGORITHMS)("a proof by %s names its key", async (alg) => {
  const made = await createProofKey(alg)
  expect(await verify(await proofOf({}, made))).toEqual({ thumbprint: made.thumbprint })
})

describe("a proof is refused, and used up by nothing, where", () => {
  test.each<[string, ProofChanges, RegExp]>([
    ["it has no typ", { header: { typ: null } }, /must have "typ"/],
    ["it is another kind of token", { header: { typ: "at+jwt" } }, /typ/],
    ["its typ has another spelling", { header: { typ: "application/dpop+jwt" } }, /typ/],
    ["it carries no key", { header: { jwk: null } }, /must have "jwk"/],
    ["its key is a text", { header: { jwk: "key" } }, /jwk/],
    ["its key is a list", { header: { jwk: [] } }, /jwk|key/],
    ["its key has no kty", { header: { jwk: { x: "x" } } }, /key/],
    [
      "its key is not on the curve",
      { header: { jwk: { kty: "EC", crv: "P-256", x: "AA", y: "AA" } } },
      /key/,
    ],
    ...["jku", "kid", "x5u", "x5c", "x5t", "x5t#S256"].map<[string, ProofChanges, RegExp]>((name) => [
      `it names a key by ${name} too`,
      { header: { [name]: name === "x5c" ? ["AA"] : "https://evil.example/keys" } },
      new RegExp(`not by ${name}\\.`),
    ]),
    ["its method is another", { claims: { htm: "GET" } }, /htm/],
    ["its method has another case", { claims: { htm: "post" } }, /htm/],
    ["it has no method", { claims: { htm: null } }, /htm/],
    ["its address is another path", { claims: { htu: `${ISSUER}/oauth/revoke` } }, /htu/],
    ["its address is another server", { claims: { htu: `https://evil.example${PATH}` } }, /htu/],
    ["it has no address", { claims: { htu: null } }, /htu/],
    ["it has no time", { claims: { iat: null } }, /iat/],
    ["its time is a text", { claims: { iat: "now" } }, /iat|claims set/],
    ["it is over five minutes old", { claims: { iat: START / 1000 - 301 } }, /clock/],
    ["it is over a minute ahead", { claims: { iat: START / 1000 + 61 } }, /clock/],
    ["its time has no end", { claims: { iat: 1e300 } }, /clock/],
    ["it has expired", { claims: { exp: START / 1000 - 1 } }, /claims set/],
    ["it has no jti", { claims: { jti: null } }, /must have "jti"/],
    ["its jti is empty", { claims: { jti: "" } }, /jti/],
    ["its jti is a number", { claims: { jti: 7 } }, /jti/],
    ["its jti is too long", { claims: { jti: "j".repeat(257) } }, /256/],
    ["its nonce is no text", { claims: { nonce: 7 } }, /nonce/],
    ["it is over 4 KiB", { claims: { more: "m".repeat(4096) } }, /4 KiB/],
  ])("%s", async (_, changes, sentence) => {
    await refused(verify(await proofOf(changes)), sentence)
  })

  test("it lacks the token that came with it, or names another", async () => {
    const proof = proofOf({}, key, ACCESS_TOKEN)
    await refused(verify(await proofOf(), { accessToken: ACCESS_TOKEN }), /ath/)
    await refused(verify(await proof, { accessToken: `${ACCESS_TOKEN}x` }), /ath/)
    await refused(
      verify(await proofOf({ claims: { ath: ACCESS_TOKEN } }), { accessToken: ACCESS_TOKEN }),
      /ath/,
    )
    expect(await verify(await proof, { accessToken: ACCESS_TOKEN })).toEqual({ thumbprint: key.thumbprint })
  })

  test("there is none, or there are several", async () => {
    const proof = await proofOf()
    await refused(verify(null), /one DPoP header, and has none/)
    await refused(verify(""), /compact JWS/)
    await refused(verify(`${proof}, ${await proofOf()}`), /compact JWS/)
    await refused(verify(`${proof} `), /compact JWS/)
    await refused(verify(`${proof}.${proof}`), /compact JWS/)
    await refused(verify("a.b.c"), /signature/)
  })

  test("its algorithm is not on the list: none, a symmetric one, another that the library knows", async () => {
    const [, payload = "", signature = ""] = (await proofOf()).split(".")
    for (const alg of ["none", "HS256", "ES256K", "PS384", ""]) {
      await refused(
        verify(`${encoded({ typ: "dpop+jwt", alg, jwk: key.jwk })}.${payload}.${signature}`),
        /alg must be/,
      )
    }
    const symmetric = { kty: "oct", k: "c2VjcmV0" }
    for (const alg of ["HS256", "ES256"]) {
      const header = encoded({ typ: "dpop+jwt", alg, jwk: symmetric })
      await refused(verify(`${header}.${payload}.${signature}`), /alg must be|private key/)
    }
  })

  test("it carries the private key, or any part of one", async () => {
    const full = await exportJWK(key.privateKey)
    await refused(verify(await proofOf({ header: { jwk: full } })), /private key/)
    for (const member of ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]) {
      await refused(verify(await proofOf({ header: { jwk: { ...key.jwk, [member]: "" } } })), /private key/)
    }
  })

  test("its key is another kind than its algorithm, or is not for signatures", async () => {
    const p384 = await createProofKey("ES384")
    await refused(verify(await proofOf({ header: { jwk: p384.jwk } })), /key/)
    await refused(verify(await proofOf({ header: { jwk: { ...key.jwk, use: "enc" } } })), /key/)
    await refused(verify(await proofOf({ header: { jwk: { ...key.jwk, alg: "ES512" } } })), /key/)
  })

  test("its RSA key is under 2048 bits, or has an exponent of its own", async () => {
    expect((await verify(await rsaProof({ modulusLength: 2048 }))).thumbprint).toHaveLength(43)
    used.clear()
    await refused(verify(await rsaProof({ modulusLength: 1024 })), /key/)
    await refused(verify(await rsaProof({ modulusLength: 2048, publicExponent: 3 })), /exponent/)
  })

  test("another key signed it, or the header says what is not understood", async () => {
    const other = await createProofKey()
    await refused(verify(await proofOf({}, { ...other, jwk: key.jwk })), /signature/)
    await refused(verify(await signedByHand({ crit: ["exotic"], exotic: true })), /key, signature or claims/)
    await refused(verify(await signedByHand({ crit: ["b64"], b64: false })), /key, signature or claims/)
  })

  test("its nonce is missing, made up, old, from the future or of another secret", async () => {
    const wanted = [/DPoP-Nonce/, "use_dpop_nonce"] as const
    const nonce = verifier.nonce()
    clock += 301_000
    await refused(verify(await proofOf({ claims: { nonce } })), ...wanted)
    clock = START - 61_000
    await refused(verify(await proofOf({ claims: { nonce } })), ...wanted)
    clock = START
    await refused(verify(await proofOf({ claims: { nonce: null } })), ...wanted)
    await refused(verify(await proofOf({ claims: { nonce: "" } })), ...wanted)
    await refused(verify(await proofOf({ claims: { nonce: "A".repeat(32) } })), ...wanted)
    await refused(verify(await proofOf({ claims: { nonce: open("t".repeat(32)).nonce() } })), ...wanted)
    expect(await verify(await proofOf({ claims: { nonce } }))).toEqual({ thumbprint: key.thumbprint })
  })

  test("it has a good nonce and another fault: the nonce is not blamed", async () => {
    await refused(verify(await proofOf({ claims: { nonce: null, htm: "GET" } })), /htm/)
  })
})

test("a proof may be five minutes old, a minute ahead, have a jti of 256 characters, and an exp to come", async () => {
  for (const iat of [START / 1000 - 300, START / 1000 + 60, START / 1000 - 0.5]) {
    await verify(await proofOf({ claims: { iat, jti: `${iat}`.padEnd(256, "j") } }))
  }
  await verify(await proofOf({ claims: { exp: START / 1000 + 1 } }))
  expect(used.size).toBe(4)
})

describe("a proof that was used", () => {
  test("is refused from then on, on every server with the store, whatever else is right", async () => {
    const proof = await proofOf()
    const elsewhere = open()
    await verify(proof, {}, elsewhere)
    await expect(verify(proof)).rejects.toMatchObject({
      code: "invalid_dpop_proof",
      message: expect.stringMatching(/used before/),
    })
    await expect(verify(proof, {}, elsewhere)).rejects.toMatchObject({
      message: expect.stringMatching(/used before/),
    })
  })

  test("of 100 uses at once, one is accepted", async () => {
    const proof = await proofOf()
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => verify(proof)))
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
  })

  test("does not use up another key's jti, and leaves nothing of itself in the store", async () => {
    const other = await createProofKey()
    const claims = { jti: "the same" }
    await verify(await proofOf({ claims }))
    await verify(await proofOf({ claims }, other))
    await expect(verify(await proofOf({ claims }))).rejects.toMatchObject({
      message: expect.stringMatching(/used before/),
    })
    for (const digest of used.keys()) expect(digest).toMatch(/^[\w-]{43}$/)
    expect([...used.keys()].join()).not.toContain(key.thumbprint)
  })

  test("is remembered as long as any server could take it", async () => {
    await verify(await proofOf({ claims: { iat: START / 1000 + 60 } }))
    expect([...used.values()]).toEqual([START + 60_000 + 300_000 + 60_000])
  })
})

test("a nonce of one server is good on another with its secret", async () => {
  const elsewhere = open()
  expect(await verify(await proofOf({ claims: { nonce: elsewhere.nonce() } }))).toEqual({
    thumbprint: key.thumbprint,
  })
})

test("the store's fault is passed on, never taken for a yes", async () => {
  const fault = new Error("out of reach")
  const broken = createDpopVerifier({
    issuer: ISSUER,
    secret: "s".repeat(32),
    now: () => clock,
    useOnce: () => Promise.reject(fault),
  })
  await expect(verify(await proofOf(), {}, broken)).rejects.toBe(fault)
})

test.each(DPOP_ALGORITHMS)("no change of a good proof by %s is accepted", async (alg) => {
  const proof = await proofOf({}, await createProofKey(alg))
  const last = proof.length - 1
  const change = fc.oneof(
    fc.record({
      at: fc.nat(last),
      text: fc.nat(255).map((code) => String.fromCharCode(code)),
      cut: fc.nat(2),
    }),
    fc.record({ at: fc.constant(last), text: fc.constantFrom(...BASE64URL), cut: fc.constant(1) }),
  )
  await fc.assert(
    fc.asyncProperty(change, async ({ at, text, cut }) => {
      const changed = proof.slice(0, at) + text + proof.slice(at + cut)
      fc.pre(changed !== proof)
      await refused(verify(changed), /./)
    }),
    { numRuns: 150 },
  )
  await verify(proof)
})

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** Signs what the library would refuse to sign. */
async function signedByHand(
  header: object,
  alg = "ES256",
  { privateKey, jwk }: { privateKey: KeyObject | CryptoKey; jwk: object } = key,
): Promise<string> {
  const [, payload = ""] = (await proofOf()).split(".")
  const input = `${encoded({ typ: "dpop+jwt", alg, jwk, ...header })}.${payload}`
  const nodeKey = privateKey instanceof KeyObject ? privateKey : KeyObject.from(privateKey)
  const signature = sign("sha256", Buffer.from(input), { key: nodeKey, dsaEncoding: "ieee-p1363" })
  return `${input}.${signature.toString("base64url")}`
}

async function rsaProof(options: { modulusLength: number; publicExponent?: number }): Promise<string> {
  const pair = generateKeyPairSync("rsa", options)
  const jwk = pair.publicKey.export({ format: "jwk" })
  return signedByHand({}, "RS256", { privateKey: pair.privateKey, jwk })
}
