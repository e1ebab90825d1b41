import * as v from "valibot"

/**
 * The body of `POST /api/cli/logout` that takes the place of the token: its revocation handle, the token's tag, a dot
 * and the base64url of the token's SHA-256 digest.
 */
export const CliLogoutRequest = v.object({
  revocation_handle: v.pipe(
    v.string("must be a string"),
    v.regex(
      /^[0-9A-Za-z]{4}\.[A-Za-z0-9\-_]{43}$/,
      "must be a tag of 4 characters, a dot and a digest of 43 characters",
    ),
  ),
})
export type CliLogoutRequest = v.InferOutput<typeof CliLogoutRequest>

/** The `200` of `POST /api/cli/logout`. `false` (for a handle only): there was nothing left to end. */
export const CliLogoutResponse = v.object({ revoked: v.boolean() })
export type CliLogoutResponse = v.InferOutput<typeof CliLogoutResponse>
