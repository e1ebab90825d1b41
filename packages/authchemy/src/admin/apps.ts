import { randomBytes } from "node:crypto"
import type {
  AllowlistEntry,
  AllowlistField,
  App,
  AppPage,
  CreateAppRequest,
  UpdateAppRequest,
} from "@authchemy/protocol"
import type { Insertable, Selectable, Updateable } from "kysely"
import type { Audit } from "../audit/events.ts"
import type { Database } from "../database/database.ts"
import type { Schema } from "../database/schema.ts"
import { chainForApp } from "./chains.ts"
import { entityTagOf } from "./entity-tag.ts"

/** The last app of a page: the next page begins after it. */
export type AppPosition = { createdAt: string; id: string }

/** An app, and the entity tag of what can change of it. */
export type TaggedApp = { app: App; tag: string }

/** What a change came to: the app after it, `null` where there is none, `conflict` where it is not as the condition has it. */
export type Changed = TaggedApp | null | "conflict"

/** Whether an app with this tag may be changed; `null`: whatever it is. Judged and changed in one step. */
export type ChangeCondition = ((tag: string) => boolean) | null

/** The apps of all accounts. An account reaches its own only: another's is `null` or `false`, as one that never was. */
export type Apps = {
  /** The oldest first. `next` where there are more. */
  list(
    accountId: string,
    limit: number,
    after: AppPosition | null,
  ): Promise<{ apps: App[]; next: AppPosition | null }>
  find(accountId: string, id: string): Promise<TaggedApp | null>
  create(accountId: string, request: CreateAppRequest): Promise<App>
  /** Changes what is named and leaves the rest. */
  update(accountId: string, id: string, change: UpdateAppRequest): Promise<App | null>
  /** Puts networks in the place of all that the app has. @param chainNetworks ids, all of them known */
  setNetworks(
    accountId: string,
    id: string,
    chainNetworks: readonly string[],
    condition: ChangeCondition,
  ): Promise<Changed>
  /** Puts a list in the place of one that the app has. @param entries none: everybody; the app is then without the field */
  setAllowlist(
    accountId: string,
    id: string,
    field: AllowlistField,
    entries: readonly AllowlistEntry[],
    condition: ChangeCondition,
  ): Promise<Changed>
  delete(accountId: string, id: string): Promise<boolean>
}

const ALLOWLIST_COLUMNS = {
  addressAllowlist: "address_allowlist",
  originAllowlist: "origin_allowlist",
  ipAllowlist: "ip_allowlist",
} as const satisfies Record<AllowlistField, keyof Schema["app"]>

/** The columns that requests change. */
const CHANGING = [
  "name",
  "description",
  "chain_networks",
  ...Object.values(ALLOWLIST_COLUMNS),
] as const satisfies (keyof Schema["app"])[]

/**
 * @param options.audit told of apps that are made and deleted
 * @param options.now milliseconds since the epoch
 */
export function createApps(options: {
  database: Database
  audit: Pick<Audit, "record">
  now: () => number
}): Apps {
  const { database, audit, now } = options
  const one = (accountId: string, id: string) =>
    database
      .selectFrom("app")
      .selectAll()
      .where("account_id", "=", accountId)
      .where("id", "=", id)
      .executeTakeFirst()

  const find = async (accountId: string, id: string) => {
    const row = await one(accountId, id)
    return row === undefined ? null : taggedApp(row)
  }

  /** @param asRead where given: only if the row is still this one, which the statement itself sees to */
  const change = async (
    accountId: string,
    id: string,
    columns: Updateable<Schema["app"]>,
    asRead?: Selectable<Schema["app"]>,
  ) => {
    let update = database
      .updateTable("app")
      .set(columns)
      .where("account_id", "=", accountId)
      .where("id", "=", id)
    for (const column of asRead === undefined ? [] : CHANGING) {
      const value = asRead?.[column] ?? null
      update = update.where(column, value === null ? "is" : "=", value)
    }
    const row = await update.returningAll().executeTakeFirst()
    return row === undefined ? null : taggedApp(row)
  }

  const changeIf = async (
    accountId: string,
    id: string,
    columns: Updateable<Schema["app"]>,
    condition: ChangeCondition,
  ): Promise<Changed> => {
    if (condition === null) return change(accountId, id, columns)
    const row = await one(accountId, id)
    if (row === undefined) return null
    if (!condition(tagOf(row))) return "conflict"
    return (await change(accountId, id, columns, row)) ?? "conflict"
  }

  return {
    find,

    list: async (accountId, limit, after) => {
      let query = database.selectFrom("app").selectAll().where("account_id", "=", accountId)
      if (after !== null) {
        query = query.where(({ eb, and, or }) =>
          or([
            eb("created_at", ">", after.createdAt),
            and([eb("created_at", "=", after.createdAt), eb("id", ">", after.id)]),
          ]),
        )
      }
      const rows = await query
        .orderBy("created_at")
        .orderBy("id")
        .limit(limit + 1)
        .execute()
      const page = rows.slice(0, limit)
      const last = rows.length > limit ? page.at(-1) : undefined
      return {
        apps: page.map(appFrom),
        next: last === undefined ? null : { createdAt: last.created_at, id: last.id },
      }
    },

    create: async (accountId, request) => {
      const row: Insertable<Schema["app"]> = {
        id: `app_${randomBytes(12).toString("base64url")}`,
        account_id: accountId,
        name: request.name,
        description: request.description ?? null,
        api_key: randomBytes(24).toString("base64url"),
        webhook_api_key: randomBytes(24).toString("base64url"),
        chain_networks: networksText(request.chainNetworks),
        products: request.products === undefined ? null : JSON.stringify(request.products),
        created_at: new Date(now()).toISOString(),
      }
      await database.insertInto("app").values(row).execute()
      const created = await find(accountId, row.id)
      if (created === null) throw new Error("the app that was made is not there")
      audit.record({ type: "app.created", accountId, details: { id: row.id, name: row.name } })
      return created.app
    },

    update: async (accountId, id, { name, description }) => {
      const changed = await change(accountId, id, {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description: description || null }),
      })
      return changed?.app ?? null
    },

    setNetworks: (accountId, id, chainNetworks, condition) =>
      changeIf(accountId, id, { chain_networks: networksText(chainNetworks) }, condition),

    setAllowlist: (accountId, id, field, entries, condition) => {
      const list = entries.length === 0 ? null : JSON.stringify(entries)
      return changeIf(accountId, id, { [ALLOWLIST_COLUMNS[field]]: list }, condition)
    },

    delete: async (accountId, id) => {
      const deleted = await database
        .deleteFrom("app")
        .where("account_id", "=", accountId)
        .where("id", "=", id)
        .returning("name")
        .executeTakeFirst()
      if (deleted === undefined) return false
      audit.record({ type: "app.deleted", accountId, details: { id, name: deleted.name } })
      return true
    },
  }
}

/** The cursor of a page: opaque to callers. */
export function cursorOf({ createdAt, id }: AppPosition): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString("base64url")
}

/** What a cursor stands for, or `null` where the text is none. */
export function positionOf(cursor: string): AppPosition | null {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"))
    if (!Array.isArray(position) || position.length !== 2) return null
    const [createdAt, id] = position
    return typeof createdAt === "string" && typeof id === "string" ? { createdAt, id } : null
  } catch {
    return null
  }
}

/** A page as it travels. */
export function appPage({ apps, next }: { apps: App[]; next: AppPosition | null }): AppPage {
  return next === null ? { apps } : { apps, cursor: cursorOf(next) }
}

/** Each network once. */
function networksText(ids: readonly string[]): string {
  return JSON.stringify(Array.from(new Set(ids)))
}

function taggedApp(row: Selectable<Schema["app"]>): TaggedApp {
  return { app: appFrom(row), tag: tagOf(row) }
}

function tagOf(row: Selectable<Schema["app"]>): string {
  return entityTagOf(CHANGING.map((column) => row[column]))
}

function appFrom(row: Selectable<Schema["app"]>): App {
  return {
    id: row.id,
    name: row.name,
    ...(row.description === null ? {} : { description: row.description }),
    apiKey: row.api_key,
    webhookApiKey: row.webhook_api_key,
    chainNetworks: (JSON.parse(row.chain_networks) as string[]).map((id) => chainForApp(id, row.api_key)),
    ...(row.products === null ? {} : { products: JSON.parse(row.products) as string[] }),
    ...allowlistFrom("addressAllowlist", row),
    ...allowlistFrom("originAllowlist", row),
    ...allowlistFrom("ipAllowlist", row),
    createdAt: row.created_at,
  }
}

function allowlistFrom(field: AllowlistField, row: Selectable<Schema["app"]>): Partial<App> {
  const entries = row[ALLOWLIST_COLUMNS[field]]
  return entries === null ? {} : { [field]: JSON.parse(entries) as AllowlistEntry[] }
}
