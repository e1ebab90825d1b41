import * as v from "valibot"
import { AccountSummary } from "./cli-token.ts"
import { text } from "./fields.ts"
import { DEFAULT_SCOPES } from "./scopes.ts"

/** The client id of the `alchemy` command: public, loopback redirects, always registered. */
export const ALCHEMY_CLIENT_ID = "alchemy-cli"

/** Where the OAuth 2.0 endpoints are. The metadata (RFC 8414) says the same to clients that ask. */
export const OAUTH_PATHS = {
  metadata: "/.well-known/oauth-authorization-server",
  /** The same document, for clients that look only there (RFC 8414 §5). */
  openidMetadata: "/.well-known/openid-configuration",
  authorize: "/oauth/authorize",
  token: "/oauth/token",
  deviceAuthorization: "/oauth/device_authorization",
  revoke: "/oauth/revoke",
  introspect: "/oauth/introspect",
  /** What has ended, for API servers that verify from memory. This server's own. */
  revocations: "/oauth/revocations",
  pushedAuthorizationRequest: "/oauth/par",
} as const

/** Where a person types the user code of a device (RFC 8628 §3.3). */
export const DEVICE_PATH = "/device"

/** The grants that a client can be registered for; those are also the values of `grant_type`. */
export const GRANT_TYPES = {
  authorizationCode: "authorization_code",
  refreshToken: "refresh_token",
  deviceCode: "urn:ietf:params:oauth:grant-type:device_code",
} as const
export type GrantType = (typeof GRANT_TYPES)[keyof typeof GRANT_TYPES]

/** How long a device code can be approved, in seconds (RFC 8628 §3.2). */
export const DEVICE_CODE_LIFETIME_SECONDS = 600
/** How long a client waits between two polls, in seconds, until it is told to slow down (RFC 8628 §3.5). */
export const DEVICE_POLL_INTERVAL_SECONDS = 5
/** How long an access token lives where the client holds a refresh token beside it, in seconds: one hour. */
export const REFRESHED_TOKEN_LIFETIME_SECONDS = 60 * 60

/** The `200` of `POST /oauth/device_authorization` (RFC 8628 §3.2). */
export const DeviceAuthorizationResponse = v.object({
  device_code: text(512),
  user_code: text(64),
  verification_uri: text(2048),
  verification_uri_complete: v.optional(text(2048)),
  expires_in: v.pipe(v.number(), v.minValue(1)),
  interval: v.optional(v.pipe(v.number(), v.minValue(1))),
})
export type DeviceAuthorizationResponse = v.InferOutput<typeof DeviceAuthorizationResponse>

/**
 * The `200` of `POST /oauth/token` (RFC 6749 §5.1). `session_id` is this server's addition, and so is `account`, which stands there where
 * `account:read` was granted.
 */
export const OAuthTokenResponse = v.object({
  access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,512}$/, "must be printable ASCII")),
  token_type: v.string(),
  expires_in: v.pipe(v.number(), v.integer()),
  scope: v.string(),
  refresh_token: v.optional(v.string()),
  session_id: v.string(),
  account: v.optional(AccountSummary),
})
export type OAuthTokenResponse = v.InferOutput<typeof OAuthTokenResponse>

/** What a person grants to the `alchemy` command at `/login`, which asks for nothing in particular. */
export const ALCHEMY_GRANT = { clientId: ALCHEMY_CLIENT_ID, scopes: DEFAULT_SCOPES } as const
