/** The port the command listens on for the browser's answer. Where it cannot be had, any other port will do (RFC 8252 §7.3). */
export const AUTH_PORT = 16424

/** How long a token lives unless less is asked for, in seconds: 90 days. Also the most that can be had. */
export const DEFAULT_EXPIRES_IN_SECONDS = 90 * 24 * 60 * 60
/** The shortest lifetime that can be asked for, in seconds. */
export const MIN_EXPIRES_IN_SECONDS = 60
/** How long an authorization code can be redeemed, in seconds (RFC 6749 §4.1.2 recommends at most ten minutes). */
export const CODE_LIFETIME_SECONDS = 60

/** The largest request body that is read, in bytes. */
export const MAX_BODY_BYTES = 16 * 1024
/** The longest `state` that is echoed, in UTF-16 code units. */
export const MAX_STATE_LENGTH = 2048
/** The longest machine, system or client name that is shown, in UTF-16 code units. */
export const MAX_CLAIM_LENGTH = 64

/** Where a person signs in for a command-line program. */
export const LOGIN_PATH = "/login"
/** Code for token, on the back channel. */
export const CLI_TOKEN_PATH = "/api/cli/token"
/** The token, or its revocation handle, ends the session. */
export const CLI_LOGOUT_PATH = "/api/cli/logout"
/** The path on the loopback listener that the browser is sent back to. */
export const CALLBACK_PATH = "/callback"
/** The root of the admin API. */
export const ADMIN_API_PATH = "/v1"
