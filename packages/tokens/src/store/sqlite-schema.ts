import type { DatabaseSync } from "node:sqlite"

const TABLES = `
  CREATE TABLE IF NOT EXISTS authchemy_codes (
    digest TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    account_id TEXT NOT NULL,
    redirect_uri TEXT,
    code_challenge TEXT,
    device TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_by TEXT,
    keep_until INTEGER NOT NULL,
    client_id TEXT NOT NULL DEFAULT 'alchemy-cli',
    scopes TEXT NOT NULL DEFAULT '',
    key_thumbprint TEXT,
    ends_on_replay INTEGER NOT NULL DEFAULT 1
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_codes_keep_until ON authchemy_codes (keep_until);
  CREATE INDEX IF NOT EXISTS authchemy_codes_unused ON authchemy_codes (account_id) WHERE used_by IS NULL;
  CREATE TABLE IF NOT EXISTS authchemy_sessions (
    digest TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    client_id TEXT NOT NULL DEFAULT 'alchemy-cli',
    scopes TEXT NOT NULL DEFAULT '',
    key_thumbprint TEXT,
    family TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_sessions_account ON authchemy_sessions (account_id, id);
  CREATE INDEX IF NOT EXISTS authchemy_sessions_expires_at ON authchemy_sessions (expires_at);
  CREATE TABLE IF NOT EXISTS authchemy_refresh (
    family TEXT PRIMARY KEY,
    current TEXT NOT NULL,
    previous TEXT,
    rotated_at INTEGER,
    nonce TEXT,
    access TEXT NOT NULL,
    access_before TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS authchemy_devices (
    digest TEXT PRIMARY KEY,
    user_code_digest TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    code_challenge TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    account_id TEXT,
    interval_ms INTEGER NOT NULL,
    last_polled_at INTEGER,
    keep_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_devices_keep_until ON authchemy_devices (keep_until);
  CREATE TABLE IF NOT EXISTS authchemy_kept (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS authchemy_kept_expires_at ON authchemy_kept (expires_at);
  CREATE TABLE IF NOT EXISTS authchemy_feed (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    items TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS authchemy_followers (
    id TEXT PRIMARY KEY,
    acknowledged INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`

/** What tables that an earlier version made lack. */
const ADDED_COLUMNS = [
  ["authchemy_sessions", "client_id", "TEXT NOT NULL DEFAULT 'alchemy-cli'"],
  ["authchemy_sessions", "scopes", "TEXT NOT NULL DEFAULT ''"],
  ["authchemy_sessions", "key_thumbprint", "TEXT"],
  ["authchemy_sessions", "family", "TEXT"],
] as const

/** Makes the tables, or brings those of an earlier version up to date, in one transaction. */
export function prepareSchema(database: DatabaseSync): void {
  database.exec("BEGIN IMMEDIATE")
  try {
    const columns = (table: string) =>
      new Set(
        database
          .prepare("SELECT name FROM pragma_table_info(?)")
          .all(table)
          .map(({ name }) => name),
      )
    // Codes live for minutes: those of an earlier version are not worth a change of their table.
    const codes = columns("authchemy_codes")
    if (codes.size > 0 && !codes.has("client_id")) database.exec("DROP TABLE authchemy_codes")
    database.exec(TABLES)
    for (const [table, column, definition] of ADDED_COLUMNS) {
      if (!columns(table).has(column))
        database.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`)
    }
    database.exec(
      "CREATE INDEX IF NOT EXISTS authchemy_sessions_family ON authchemy_sessions (family) WHERE family IS NOT NULL",
    )
    database.exec("COMMIT")
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK")
    throw error
  }
}
