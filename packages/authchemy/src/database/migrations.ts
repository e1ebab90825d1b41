import type { Kysely } from "kysely"
import type { Migration } from "kysely/migration"

/**
 * Ours, in the order of their names. Better Auth makes its own tables before these run (`migrate-accounts.ts`). A migration leaves what the version before it needs, for servers
 * of both run side by side. Before one is added, `script/earlier-schema.ts` keeps the schema as it is, for the tests.
 */
export const migrations: Record<string, Migration> = {
  "001-apps-and-access-keys": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("app")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("account_id", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("description", "text")
        .addColumn("api_key", "text", (column) => column.notNull())
        .addColumn("webhook_api_key", "text", (column) => column.notNull())
        .addColumn("chain_networks", "text", (column) => column.notNull())
        .addColumn("products", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .execute()
      await database.schema
        .createIndex("app_account")
        .on("app")
        .columns(["account_id", "created_at", "id"])
        .execute()
      await database.schema
        .createTable("access_key")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("account_id", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("digest", "text", (column) => column.notNull().unique())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("expires_at", "text")
        .addColumn("last_used_at", "text")
        .execute()
      await database.schema
        .createIndex("access_key_account")
        .on("access_key")
        .columns(["account_id", "created_at", "id"])
        .execute()
    },
  },
  "002-clients": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("client")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("secret_digest", "text")
        .addColumn("redirect_uris", "text", (column) => column.notNull())
        .addColumn("grants", "text", (column) => column.notNull())
        .addColumn("require_dpop", "integer", (column) => column.notNull())
        .addColumn("resource_server", "integer", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .execute()
      await database.schema.alterTable("access_key").addColumn("scopes", "text").execute()
    },
  },
  "003-app-allowlists": {
    async up(database: Kysely<unknown>) {
      // SQLite takes one column a statement.
      for (const column of ["address_allowlist", "origin_allowlist", "ip_allowlist"]) {
        await database.schema.alterTable("app").addColumn(column, "text").execute()
      }
    },
  },
  "004-audit-log": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("audit_event")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("at", "text", (column) => column.notNull())
        .addColumn("type", "text", (column) => column.notNull())
        .addColumn("account_id", "text")
        .addColumn("session_id", "text")
        .addColumn("client_id", "text")
        .addColumn("device", "text", (column) => column.notNull())
        .addColumn("actor", "text", (column) => column.notNull())
        .addColumn("address", "text")
        .addColumn("agent", "text")
        .addColumn("details", "text", (column) => column.notNull())
        .execute()
      await database.schema
        .createIndex("audit_event_account")
        .on("audit_event")
        .columns(["account_id", "at", "id"])
        .execute()
      await database.schema.createIndex("audit_event_time").on("audit_event").columns(["at", "id"]).execute()
      await database.schema
        .createTable("webhook_delivery")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("attempts", "integer", (column) => column.notNull())
        .addColumn("next_attempt_at", "text", (column) => column.notNull())
        .execute()
      await database.schema
        .createIndex("webhook_delivery_due")
        .on("webhook_delivery")
        .columns(["next_attempt_at", "id"])
        .execute()
      await database.schema
        .createTable("access_key_address")
        .addColumn("key_id", "text", (column) => column.notNull())
        .addColumn("network", "text", (column) => column.notNull())
        .addColumn("first_used_at", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("access_key_address_once", ["key_id", "network"])
        .execute()
      await database.schema
        .createIndex("access_key_address_time")
        .on("access_key_address")
        .column("first_used_at")
        .execute()
    },
  },
  "005-passkeys-and-providers": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("passkey")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("account_id", "text", (column) => column.notNull())
        .addColumn("user_handle", "text", (column) => column.notNull())
        .addColumn("public_key", "text", (column) => column.notNull())
        .addColumn("counter", "bigint", (column) => column.notNull())
        .addColumn("transports", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("device_type", "text", (column) => column.notNull())
        .addColumn("backed_up", "integer", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("last_used_at", "text")
        .execute()
      await database.schema
        .createIndex("passkey_account")
        .on("passkey")
        .columns(["account_id", "created_at", "id"])
        .execute()
      await database.schema
        .createTable("provider_identity")
        .addColumn("provider_id", "text", (column) => column.notNull())
        .addColumn("issuer", "text", (column) => column.notNull())
        .addColumn("subject", "text", (column) => column.notNull())
        .addColumn("account_id", "text", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("last_used_at", "text")
        .addPrimaryKeyConstraint("provider_identity_subject", ["provider_id", "issuer", "subject"])
        .execute()
      await database.schema
        .createIndex("provider_identity_account")
        .on("provider_identity")
        .columns(["account_id", "provider_id", "issuer"])
        .unique()
        .execute()
    },
  },
}
