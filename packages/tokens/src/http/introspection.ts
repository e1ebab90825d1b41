import { OAUTH_PATHS, parseIntrospection, SCOPES } from "@authchemy/protocol"
import type { SessionRecord } from "../store/store.ts"
import type { SessionSource } from "../verifier.ts"
import { type AuthorizationServer, malformed } from "./authorization-server.ts"

/** How long the server may take to tell of a token, in milliseconds. */
const INTROSPECTION_LIMIT_MS = 2_000

/**
 * Sessions, as the authorization server tells of them (RFC 7662). It does not tell of the machine, nor when the session was last used; and asking is no use of the session.
 * @param options.now milliseconds since the epoch
 */
export function introspectSessions(options: {
  server: AuthorizationServer
  issuer: string
  now: () => number
}): SessionSource {
  const { server, issuer, now } = options
  return {
    findSession: async (tag, digest, _at, token): Promise<SessionRecord | null> => {
      const body = await server.post(OAUTH_PATHS.introspect, { token }, INTROSPECTION_LIMIT_MS)
      const told = parseIntrospection(body)
      if (told === null) throw malformed(issuer, OAUTH_PATHS.introspect)
      if (!told.active) return null
      const lastUsedAt = now()
      const expiresAt = told.exp * 1000
      if (expiresAt <= lastUsedAt) return null
      const scopes = new Set(told.scope.split(" "))
      return {
        digest,
        tag,
        id: told.sid,
        accountId: told.sub,
        clientId: told.client_id,
        scopes: SCOPES.filter((scope) => scopes.has(scope)),
        device: {},
        keyThumbprint: told.cnf?.jkt ?? null,
        createdAt: told.iat * 1000,
        lastUsedAt,
        expiresAt,
        family: null,
      }
    },

    touchSession: async () => {},
  }
}
