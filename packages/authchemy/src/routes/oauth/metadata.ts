import { DEVICE_PATH, GRANT_TYPES, OAUTH_PATHS, SCOPES } from "@authchemy/protocol"
import type { Handler } from "hono"
import { DPOP_ALGORITHMS } from "../../dpop/proof.ts"
import type { AppEnv } from "../../middleware/request-log.ts"

/**
 * `GET /.well-known/oauth-authorization-server` (RFC 8414 §2), and the same at `/.well-known/openid-configuration` for clients that look only
 * there (§5). It claims nothing that is not served: no ID tokens, no keys, no user info.
 */
export function showMetadata(deps: { issuer: string }): Handler<AppEnv> {
  const { issuer } = deps
  const secretMethods = ["client_secret_basic", "client_secret_post"]
  const clientMethods = ["none", ...secretMethods]
  const metadata = {
    issuer,
    authorization_endpoint: issuer + OAUTH_PATHS.authorize,
    token_endpoint: issuer + OAUTH_PATHS.token,
    device_authorization_endpoint: issuer + OAUTH_PATHS.deviceAuthorization,
    revocation_endpoint: issuer + OAUTH_PATHS.revoke,
    introspection_endpoint: issuer + OAUTH_PATHS.introspect,
    authchemy_revocations_endpoint: issuer + OAUTH_PATHS.revocations,
    pushed_authorization_request_endpoint: issuer + OAUTH_PATHS.pushedAuthorizationRequest,
    require_pushed_authorization_requests: false,
    scopes_supported: SCOPES,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: Object.values(GRANT_TYPES),
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: clientMethods,
    revocation_endpoint_auth_methods_supported: clientMethods,
    introspection_endpoint_auth_methods_supported: secretMethods,
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  }
  return (c) => c.json(metadata)
}

/** Where a person goes with a user code (RFC 8628 §3.2). */
export function verificationUriOf(issuer: string): string {
  return issuer + DEVICE_PATH
}
