import type { Kysely } from "kysely"
import type { Migration } from "kysely/migration"

/** Ours, in the order of their names. Better Auth makes its own tables before these run. */
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
}
