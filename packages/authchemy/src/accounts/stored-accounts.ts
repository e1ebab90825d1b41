import type { Selectable } from "kysely"
import type { Database } from "../database/database.ts"
import type { Schema } from "../database/schema.ts"
import { AccountError, type AccountRecord, type BrowserSession } from "./accounts.ts"
import type { BetterAuthContext } from "./better-auth.ts"
import { whileOpen } from "./browser-sessions.ts"

/** An account as it is stored. */
export type StoredAccount = AccountRecord & {
  emailVerified: boolean
  /** `null`: it has no password. */
  passwordHash: string | null
}

/** Reads and writes accounts. Each throws `StoreUnavailableError` where the database is out of reach. */
export type StoredAccounts = {
  byId(id: string): Promise<StoredAccount | null>
  /** @param email tidied (`tidyEmail`) */
  byEmail(email: string): Promise<StoredAccount | null>
  list(): Promise<AccountRecord[]>
  /**
   * @param account.email and its name, tidied
   * @param account.passwordHash made before: the work of hashing is not done in the transaction, which holds a connection that others wait for
   * @throws AccountError where the email is taken
   */
  create(account: {
    email: string
    name: string
    emailVerified: boolean
    passwordHash: string | null
  }): Promise<StoredAccount>
  setPassword(id: string, passwordHash: string): Promise<void>
  /**
   * Changes the password, or sets the first one, where it still is what was confirmed and the browser session that asks has not ended: judged and changed in one step.
   * @param change.from the hash that was confirmed; `null`: there was no password
   * @returns whether it was changed
   */
  replacePassword(browser: BrowserSession, change: { from: string | null; to: string }): Promise<boolean>
  markEmailVerified(id: string): Promise<void>
  /** @param disabledAt `null`: it is not disabled any more */
  setDisabled(id: string, disabledAt: Date | null): Promise<void>
}

const CREDENTIAL = "credential"

/** @param context of Better Auth, which has the tables */
export function createStoredAccounts(
  database: Database,
  context: Promise<BetterAuthContext>,
): StoredAccounts {
  const found = async (column: "id" | "email", value: string) => {
    const row = await database
      .selectFrom("user")
      .leftJoin("account", (join) =>
        join.onRef("account.userId", "=", "user.id").on("account.providerId", "=", CREDENTIAL),
      )
      .selectAll("user")
      .select("account.password")
      .where(`user.${column}`, "=", value)
      .executeTakeFirst()
    if (row === undefined) return null
    return { ...recordFrom(row), emailVerified: Boolean(row.emailVerified), passwordHash: row.password }
  }

  const credentialOf = (id: string) =>
    database.updateTable("account").where("userId", "=", id).where("providerId", "=", CREDENTIAL)

  const accounts: StoredAccounts = {
    byId: (id) => found("id", id),
    byEmail: (email) => found("email", email),

    list: async () => {
      const rows = await database.selectFrom("user").selectAll().orderBy("createdAt").orderBy("id").execute()
      return rows.map(recordFrom)
    },

    create: async ({ passwordHash, ...user }) => {
      if ((await accounts.byEmail(user.email)) !== null) throw emailTaken()
      const { inTransaction } = await context
      const times = () => ({ createdAt: new Date(), updatedAt: new Date() })
      try {
        await inTransaction(async (transaction) => {
          const { id } = await transaction.create<object, { id: string }>({
            model: "user",
            data: { ...user, ...times() },
          })
          if (passwordHash === null) return
          const credential = { userId: id, accountId: id, providerId: CREDENTIAL, password: passwordHash }
          await transaction.create({ model: "account", data: { ...credential, ...times() } })
        })
      } catch (error) {
        // Of several at the same moment the database lets one through.
        if ((await accounts.byEmail(user.email)) === null) throw error
        throw emailTaken()
      }
      const created = await accounts.byEmail(user.email)
      if (created === null) throw new Error("the account that was made is not there")
      return created
    },

    setPassword: async (id, passwordHash) => {
      const at = new Date().toISOString()
      const { numUpdatedRows } = await credentialOf(id)
        .set({ password: passwordHash, updatedAt: at })
        .executeTakeFirst()
      if (numUpdatedRows > 0n) return
      await database
        .insertInto("account")
        .values(firstCredential(id, passwordHash, at))
        .onConflict((conflict) =>
          conflict.column("id").doUpdateSet({ password: passwordHash, updatedAt: at }),
        )
        .execute()
    },

    replacePassword: async (browser, { from, to }) => {
      const { id } = browser.account
      const at = new Date().toISOString()
      const { numUpdatedRows } = await credentialOf(id)
        .set({ password: to, updatedAt: at })
        .where("password", from === null ? "is" : "=", from)
        .where(whileOpen(browser))
        .executeTakeFirst()
      if (numUpdatedRows > 0n) return true
      if (from !== null) return false
      const first = firstCredential(id, to, at)
      const columns = [
        "id",
        "userId",
        "accountId",
        "providerId",
        "password",
        "createdAt",
        "updatedAt",
      ] as const
      const { numInsertedOrUpdatedRows = 0n } = await database
        .insertInto("account")
        .columns(columns)
        .expression(({ selectFrom, val, not, exists }) =>
          selectFrom("user")
            .select(columns.map((column) => val(first[column]).as(column)))
            .where("user.id", "=", id)
            .where(whileOpen(browser))
            .where(
              not(
                exists(
                  selectFrom("account")
                    .select("account.id")
                    .where("account.userId", "=", id)
                    .where("account.providerId", "=", CREDENTIAL),
                ),
              ),
            ),
        )
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return numInsertedOrUpdatedRows > 0n
    },

    markEmailVerified: async (id) => {
      await (await context).internalAdapter.updateUser(id, { emailVerified: true })
    },

    setDisabled: async (id, disabledAt) => {
      await database
        .updateTable("user")
        .set({ disabledAt: disabledAt === null ? null : disabledAt.toISOString() })
        .where("id", "=", id)
        .execute()
    },
  }
  return accounts
}

/** The row of an account's first password. Its id follows from the account's, so that of several at the same moment there is one. */
function firstCredential(id: string, password: string, at: string) {
  const of = { userId: id, accountId: id, providerId: CREDENTIAL }
  return { id: `${CREDENTIAL}_${id}`, ...of, password, createdAt: at, updatedAt: at }
}

function emailTaken(): AccountError {
  return new AccountError("email_taken", "An account with this email is there already.")
}

/** What the operator sees of an account. */
export function recordFrom(
  row: Pick<Selectable<Schema["user"]>, "id" | "email" | "name" | "createdAt" | "disabledAt">,
): AccountRecord {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    createdAt: new Date(row.createdAt),
    disabledAt: row.disabledAt === null ? null : new Date(row.disabledAt),
  }
}
