import { unpackScopes } from "./session-packing.ts"
import { type Row, textOrNull } from "./sqlite-connection.ts"
import type { CodeRecord, SessionRecord } from "./store.ts"

/** A row of `authchemy_codes`. */
export function codeOf(row: Row): CodeRecord {
  return {
    digest: String(row.digest),
    tag: String(row.tag),
    accountId: String(row.account_id),
    clientId: String(row.client_id),
    scopes: unpackScopes(String(row.scopes)),
    redirectUri: textOrNull(row.redirect_uri),
    codeChallenge: textOrNull(row.code_challenge),
    keyThumbprint: textOrNull(row.key_thumbprint),
    device: JSON.parse(String(row.device)),
    endsOnReplay: row.ends_on_replay === 1,
    expiresAt: Number(row.expires_at),
    usedBy: textOrNull(row.used_by),
  }
}

/** A row of `authchemy_sessions`. */
export function sessionOf(row: Row): SessionRecord {
  return {
    digest: String(row.digest),
    tag: String(row.tag),
    id: String(row.id),
    accountId: String(row.account_id),
    clientId: String(row.client_id),
    scopes: unpackScopes(String(row.scopes)),
    device: JSON.parse(String(row.device)),
    keyThumbprint: textOrNull(row.key_thumbprint),
    family: textOrNull(row.family),
    createdAt: Number(row.created_at),
    lastUsedAt: Number(row.last_used_at),
    expiresAt: Number(row.expires_at),
  }
}
