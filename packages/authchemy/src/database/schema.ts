import type { ColumnType } from "kysely"

/** A moment in one of Better Auth's tables: an ISO 8601 text on SQLite, `timestamptz` on PostgreSQL, which is read as a `Date`. */
type Moment = ColumnType<string | Date, string, string>

/**
 * The tables. Ids are texts, moments are ISO 8601 texts (UTC, milliseconds: their order is time's order), lists are JSON texts, yes and no are
 * 1 and 0: the same on SQLite and PostgreSQL. Better Auth's tables have its own types.
 */
export type Schema = {
  /** Better Auth's, with `disabledAt` added. */
  user: {
    id: string
    name: string
    email: string
    createdAt: Moment
    disabledAt: Moment | null
  }
  /** Better Auth's: a browser session. */
  session: { id: string; userId: string }
  app: {
    id: string
    account_id: string
    name: string
    description: string | null
    api_key: string
    webhook_api_key: string
    chain_networks: string
    products: string | null
    /** A list; `null`: everybody. So are the next two. */
    address_allowlist: string | null
    origin_allowlist: string | null
    ip_allowlist: string | null
    created_at: string
  }
  access_key: {
    id: string
    account_id: string
    name: string
    /** SHA-256 of the key, base64url. */
    digest: string
    created_at: string
    expires_at: string | null
    last_used_at: string | null
    /** A list; `null`: all that access keys may have. */
    scopes: string | null
  }
  client: {
    id: string
    name: string
    /** SHA-256 of the secret, base64url; `null`: a public client. */
    secret_digest: string | null
    redirect_uris: string
    grants: string
    /** 0 or 1, as is the next. */
    require_dpop: number
    resource_server: number
    created_at: string
  }
}
