/**
 * Error codes on the wire. Those of the CLI API travel as `{ error, error_description }` (RFC 6749 §5.2), those of
 * the admin API as `{ error, message }`. Clients decide by the code; the sentence is for people.
 */
export const WIRE_ERRORS = {
  /** The request lacks a field, has one twice, or has one of the wrong form. 400. */
  invalidRequest: "invalid_request",
  /** The code is unknown, expired, used, or does not belong to this verifier, redirect or client. 400. */
  invalidGrant: "invalid_grant",
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
  /** The resource is there already. 409. */
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
