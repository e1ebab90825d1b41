import { isLoopbackHost } from "@authchemy/protocol"
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server"
import { COSEALG, decodeAttestationObject, isoBase64URL } from "@simplewebauthn/server/helpers"
import { type readAssertion, readRegistration } from "./credential.ts"

/** What Node verifies without calling it experimental. Every authenticator has one of them. */
const ALGORITHMS = [COSEALG.EdDSA, COSEALG.ES256, COSEALG.RS256]

/** A passkey that has just been made. */
export type NewPasskey = {
  /** The credential id, base64url. */
  id: string
  /** COSE (RFC 9052), base64url. */
  publicKey: string
  counter: number
  transports: readonly string[]
  deviceType: "singleDevice" | "multiDevice"
  backedUp: boolean
}

/** What an authenticator is asked and what it says (WebAuthn Level 3 §7). The library is large: this file is loaded when somebody first uses a passkey. */
export type Ceremonies = {
  creationOptions(options: {
    userHandle: string
    email: string
    name: string
    present: readonly { id: string; transports: string[] }[]
  }): Promise<PublicKeyCredentialCreationOptionsJSON>
  requestOptions(): Promise<PublicKeyCredentialRequestOptionsJSON>
  /** @returns `null` where it is not to be accepted. Never rejects */
  verifyRegistration(text: string, challenge: string): Promise<NewPasskey | null>
  /** @returns `null` where it is not to be accepted. Never rejects */
  verifyAssertion(
    response: NonNullable<ReturnType<typeof readAssertion>>,
    challenge: string,
    passkey: { id: string; publicKey: string; counter: number },
  ): Promise<{ counter: number; backedUp: boolean } | null>
}

/**
 * @param options.issuer this server's origin: passkeys are for its host (the RP ID); on a loopback issuer for `localhost`, since an IP address has none
 * @param options.siteName what the authenticator calls this server
 * @param options.timeoutMs how long the browser waits for the authenticator, in milliseconds
 * @param options.onRefused told why something was not accepted, in the library's words
 */
export function createCeremonies(options: {
  issuer: string
  siteName: string
  timeoutMs: number
  onRefused: (reason: string) => void
}): Ceremonies {
  const { siteName, timeoutMs: timeout } = options
  const { rpID, origins } = partyOf(options.issuer)
  const expected = { expectedOrigin: origins, expectedRPID: rpID, requireUserVerification: true }

  /** The library says what is wrong by throwing. */
  const judged = async <T>(work: () => Promise<T | null>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      options.onRefused(error instanceof Error ? error.message.slice(0, 200) : "unknown")
      return null
    }
  }

  return {
    creationOptions: ({ userHandle, email, name, present }) =>
      generateRegistrationOptions({
        ...{ rpName: siteName, rpID, userName: email, userDisplayName: name, timeout },
        userID: isoBase64URL.toBuffer(userHandle),
        attestationType: "none",
        supportedAlgorithmIDs: ALGORITHMS,
        excludeCredentials: [...present],
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      }),

    requestOptions: () => generateAuthenticationOptions({ rpID, timeout, userVerification: "required" }),

    verifyRegistration: (text, challenge) =>
      judged(async () => {
        const response = readRegistration(text)
        if (response === null) return null
        if (!hasNoCertificates(response)) throw new Error("it has certificates, which nobody asked for")
        const result = await verifyRegistrationResponse({
          ...expected,
          response,
          expectedChallenge: challenge,
          supportedAlgorithmIDs: ALGORITHMS,
        })
        if (!result.verified) return null
        const { credential, credentialDeviceType, credentialBackedUp } = result.registrationInfo
        return {
          id: credential.id,
          publicKey: isoBase64URL.fromBuffer(credential.publicKey),
          counter: credential.counter,
          transports: response.response.transports ?? [],
          deviceType: credentialDeviceType,
          backedUp: credentialBackedUp,
        }
      }),

    verifyAssertion: (response, challenge, passkey) =>
      judged(async () => {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          ...expected,
          response,
          expectedChallenge: challenge,
          credential: { ...passkey, publicKey: isoBase64URL.toBuffer(passkey.publicKey) },
        })
        if (!verified) return null
        return {
          counter: authenticationInfo.newCounter,
          backedUp: authenticationInfo.credentialBackedUp,
        }
      }),
  }
}

/**
 * Whether a new credential comes without certificates: with no attestation, or signed by itself (`packed`). None is asked for; and whoever checks a
 * certificate asks the address that it names for revocations, which a stranger would have chosen.
 */
function hasNoCertificates(credential: RegistrationResponseJSON): boolean {
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(credential.response.attestationObject))
  const format = decoded.get("fmt")
  return format === "none" || (format === "packed" && decoded.get("attStmt").get("x5c") === undefined)
}

/** Whom a passkey is for (the RP ID, WebAuthn Level 3 §5.1.2), and on which pages it is used. */
function partyOf(issuer: string): { rpID: string; origins: string[] } {
  const { hostname, port } = new URL(issuer)
  if (!isLoopbackHost(hostname)) return { rpID: hostname, origins: [issuer] }
  const origins = [issuer, `http://localhost${port === "" ? "" : `:${port}`}`]
  return { rpID: "localhost", origins: [...new Set(origins)] }
}
