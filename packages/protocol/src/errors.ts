/**
 * Error codes on the wire. Those of the CLI API and of the OAuth 2.0 endpoints travel as `{ error, error_description }` (RFC 6749
 * §5.2), those of the admin API as `{ error, message }`. Clients decide by the code; the sentence is for people.
 */
export const WIRE_ERRORS = {
  /** The request lacks a field, has one twice, or has one of the wrong form. 400. */
  invalidRequest: "invalid_request",
  /** The code is unknown, expired, used, or does not belong to this verifier, redirect or client. 400. */
  invalidGrant: "invalid_grant",
  /** The client is unknown, did not prove itself, or had to and did not. 401 (RFC 6749 §5.2). */
  invalidClient: "invalid_client",
  /** The client is known and may not do this. 400 (RFC 6749 §5.2). */
  unauthorizedClient: "unauthorized_client",
  /** 400 (RFC 6749 §5.2). */
  unsupportedGrantType: "unsupported_grant_type",
  /** Travels in the redirect (RFC 6749 §4.1.2.1). */
  unsupportedResponseType: "unsupported_response_type",
  /** The scope is malformed, unknown, or more than was granted. 400 (RFC 6749 §5.2). */
  invalidScope: "invalid_scope",
  /** The `request_uri` is unknown, used or expired, or not this client's (RFC 9101 §6.1, RFC 9126 §2.3). */
  invalidRequestUri: "invalid_request_uri",
  /** Request objects are not read (RFC 9101 §6.1). */
  requestNotSupported: "request_not_supported",
  /** Nobody has decided yet. 400 (RFC 8628 §3.5). */
  authorizationPending: "authorization_pending",
  /** As `authorization_pending`, and the client polls too fast: five seconds more from now on. 400 (RFC 8628 §3.5). */
  slowDown: "slow_down",
  /** The device code has expired. 400 (RFC 8628 §3.5). */
  expiredToken: "expired_token",
  /** The DPoP proof is missing or wrong. 400 at the token endpoint, 401 elsewhere (RFC 9449 §5, §7.1). */
  invalidDpopProof: "invalid_dpop_proof",
  /** The DPoP proof must carry the nonce of the `DPoP-Nonce` header (RFC 9449 §8, §9). */
  useDpopNonce: "use_dpop_nonce",
  /** No credential, or one that is unknown, expired or revoked. 401 (RFC 6750 §3.1). */
  invalidToken: "invalid_token",
  /** The person said no. Travels in the redirect (RFC 6749 §4.1.2.1). */
  accessDenied: "access_denied",
  /** The credential is good but lacks the right that is needed. 403 (RFC 6750 §3.1). */
  insufficientScope: "insufficient_scope",
  /** A form without its token, or from another origin. 403. */
  forbidden: "forbidden",
  /** There is no such resource for this account. 404. */
  notFound: "not_found",
  /** The path is there, the method is not. 405. */
  methodNotAllowed: "method_not_allowed",
  /** The resource is there already, or is no longer as `If-Match` has it. 409. */
  conflict: "conflict",
  /** The body is larger than `MAX_BODY_BYTES`. 413. */
  payloadTooLarge: "payload_too_large",
  /** The body is of a type, or in an encoding, that is not read. 415. */
  unsupportedMediaType: "unsupported_media_type",
  /** Too many requests; `Retry-After` says when to come back. 429. */
  rateLimited: "rate_limited",
  /** A store is out of reach; `Retry-After` says when to come back. 503. */
  temporarilyUnavailable: "temporarily_unavailable",
  /** A fault of the server. 500. */
  serverError: "server_error",
} as const

/** One of the codes in `WIRE_ERRORS`. */
export type WireErrorCode = (typeof WIRE_ERRORS)[keyof typeof WIRE_ERRORS]
