import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto"

/** An authenticator with one passkey (ES256), as far as a server sees it. */
export type Authenticator = {
  id: string
  /** The answer to `navigator.credentials.create`, as JSON text. */
  create(options: object, change?: Change): string
  /** The answer to `navigator.credentials.get`, as JSON text. */
  get(options: object, change?: Change): string
}

/** What is wrong with an answer. */
export type Change = {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  userVerified?: boolean
  counter?: number
  userHandle?: string
  format?: string
  statement?: Buffer
  signedBy?: KeyObject
}

const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

/** @param defaults.origin of the page that it is used on @param defaults.rpId its host */
export function createAuthenticator(defaults: { origin: string; rpId: string }): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const credentialId = randomBytes(16)
  const id = credentialId.toString("base64url")
  const { x = "", y = "" } = publicKey.export({ format: "jwk" })
  let userHandle = ""

  const clientData = (type: string, options: object, change: Change) =>
    Buffer.from(
      JSON.stringify({
        type: change.type ?? type,
        challenge: change.challenge ?? ("challenge" in options ? options.challenge : ""),
        origin: change.origin ?? defaults.origin,
        crossOrigin: false,
      }),
    )
  const authenticatorData = (change: Change, attested?: Buffer) => {
    const flags =
      PRESENT | (change.userVerified === false ? 0 : VERIFIED) | (attested === undefined ? 0 : ATTESTED)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(change.counter ?? 0)
    return Buffer.concat([
      sha256(change.rpId ?? defaults.rpId),
      Buffer.of(flags),
      counter,
      attested ?? Buffer.alloc(0),
    ])
  }

  return {
    id,
    create(options, change = {}) {
      if (
        "user" in options &&
        typeof options.user === "object" &&
        options.user !== null &&
        "id" in options.user
      )
        userHandle = String(options.user.id)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(credentialId.length)
      // The COSE key (RFC 9053 §7.1.1): kty EC2, alg ES256, crv P-256, x, y.
      const key = map([
        [integer(1), integer(2)],
        [integer(3), integer(-7)],
        [integer(-1), integer(1)],
        [integer(-2), bytes(Buffer.from(x, "base64url"))],
        [integer(-3), bytes(Buffer.from(y, "base64url"))],
      ])
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, key])
      const attestationObject = map([
        [text("fmt"), text(change.format ?? "none")],
        [text("attStmt"), change.statement ?? map([])],
        [text("authData"), bytes(authenticatorData(change, attested))],
      ])
      return JSON.stringify({
        ...{ id, rawId: id, type: "public-key", clientExtensionResults: {} },
        response: {
          clientDataJSON: clientData("webauthn.create", options, change).toString("base64url"),
          attestationObject: attestationObject.toString("base64url"),
          transports: ["internal"],
        },
      })
    },
    get(options, change = {}) {
      const client = clientData("webauthn.get", options, change)
      const data = authenticatorData(change)
      const signature = sign("sha256", Buffer.concat([data, sha256(client)]), change.signedBy ?? privateKey)
      return JSON.stringify({
        ...{ id, rawId: id, type: "public-key", clientExtensionResults: {} },
        response: {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: data.toString("base64url"),
          signature: signature.toString("base64url"),
          userHandle: change.userHandle ?? userHandle,
        },
      })
    },
  }
}

function sha256(content: string | Buffer): Buffer {
  return createHash("sha256").update(content).digest()
}

/** CBOR (RFC 8949 §3), as much of it as an authenticator needs. */
function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.of((major << 5) | argument)
  if (argument < 256) return Buffer.of((major << 5) | 24, argument)
  return Buffer.of((major << 5) | 25, argument >> 8, argument & 0xff)
}
function integer(value: number): Buffer {
  return value < 0 ? head(1, -1 - value) : head(0, value)
}
export function bytes(value: Buffer): Buffer {
  return Buffer.concat([head(2, value.length), value])
}
export function text(value: string): Buffer {
  return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
}
export function list(items: readonly Buffer[]): Buffer {
  return Buffer.concat([head(4, items.length), ...items])
}
export function map(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flat()])
}
