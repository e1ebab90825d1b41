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
    /** 0 or 1 on SQLite, a boolean on PostgreSQL. */
    emailVerified: ColumnType<boolean | number>
    /** As `emailVerified`; `null`: off. */
    twoFactorEnabled: ColumnType<boolean | number | null, boolean | number | null | undefined>
    createdAt: Moment
    disabledAt: Moment | null
  }
  /** Better Auth's: a browser session. */
  session: {
    id: string
    userId: string
    token: string
    /** Empty or `null` where it is not known, as is the next. */
    ipAddress: string | null
    userAgent: string | null
    createdAt: Moment
    /** When it was last used, to the minute. */
    updatedAt: Moment
    expiresAt: Moment
  }
  /** Better Auth's: sign-ins that wait for their second factor, under the account's id as `value`. */
  verification: {
    id: string
    identifier: string
    value: string
    expiresAt: Moment
    createdAt: Moment
    updatedAt: Moment
  }
  /** Better Auth's: a way to sign in. Ours are passwords only, under the provider `credential`. */
  account: {
    id: string
    userId: string
    /** Who it is at the provider; of a password, the account's id. */
    accountId: string
    providerId: string
    password: string | null
    createdAt: Moment
    updatedAt: Moment
  }
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
  audit_event: {
    /** Its order is time's order, in one process. */
    id: string
    at: string
    type: string
    account_id: string | null
    session_id: string | null
    client_id: string | null
    /** `DeviceClaims`, as JSON. */
    device: string
    actor: string
    address: string | null
    agent: string | null
    /** JSON, at most 1 KiB. */
    details: string
  }
  /** What is still to be sent to the webhook: a row goes when it has arrived. */
  webhook_delivery: {
    /** The event's. */
    id: string
    /** What is sent, whatever becomes of the event. */
    body: string
    /** How many have begun. */
    attempts: number
    /** Whoever makes an attempt moves it on first: until then the row is its own. */
    next_attempt_at: string
  }
  /** Where access keys have been used from. */
  access_key_address: {
    key_id: string
    /** As `networkOf` has it. */
    network: string
    first_used_at: string
  }
  passkey: {
    /** The credential's, base64url. */
    id: string
    account_id: string
    /** What the authenticator knows the account by: 32 bytes, base64url, nothing of the person in it; the same for all passkeys of an account. */
    user_handle: string
    /** COSE (RFC 9052), base64url. */
    public_key: string
    /** At most 2³²; 0: the authenticator counts nothing. PostgreSQL gives a text. */
    counter: ColumnType<number | string, number, number>
    /** A list. */
    transports: string
    name: string
    /** `singleDevice` or `multiDevice`. */
    device_type: string
    /** 0 or 1. */
    backed_up: number
    created_at: string
    last_used_at: string | null
  }
  /** Who somebody is to an upstream provider. */
  provider_identity: {
    provider_id: string
    /** The provider's, as configured when it was linked: another issuer under the same id is another provider. */
    issuer: string
    subject: string
    account_id: string
    created_at: string
    last_used_at: string | null
  }
}
