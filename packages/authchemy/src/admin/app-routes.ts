import {
  ALLOWLISTS,
  type Allowlist,
  AllowlistEntries,
  type AllowlistField,
  AppNetworksRequest,
  CreateAppRequest,
  UpdateAppRequest,
  WIRE_ERRORS,
} from "@authchemy/protocol"
import type { Context, Handler } from "hono"
import * as v from "valibot"
import { readJson } from "../middleware/request-body.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { requireAllowlistValues } from "./allowlist-entries.ts"
import { type Apps, appPage, type Changed, positionOf } from "./apps.ts"
import type { AdminEnv } from "./authenticate.ts"
import { CHAINS } from "./chains.ts"
import { ifMatch } from "./entity-tag.ts"
import { notFound, readQuery, refusedField } from "./query.ts"

const DEFAULT_LIMIT = 25
const MOST = 100

/** `GET /v1/apps?cursor&limit` */
export function listApps(apps: Apps): Handler<AdminEnv> {
  return async (c) => {
    const { cursor, limit = String(DEFAULT_LIMIT) } = readQuery(c.req.url, ["cursor", "limit"])
    const count = /^\d{1,3}$/.test(limit) ? Number(limit) : 0
    if (count < 1 || count > MOST) throw refusedField("limit", `must be a whole number from 1 to ${MOST}`)
    const after = cursor === undefined ? null : positionOf(cursor)
    if (cursor !== undefined && after === null)
      throw refusedField("cursor", "must be one that a list has given")
    return c.json({ data: appPage(await apps.list(c.get("caller").account.id, count, after)) })
  }
}

/** `POST /v1/apps` */
export function createApp(apps: Apps): Handler<AdminEnv> {
  return async (c) => {
    const request = await readJson(c.req.raw, CreateAppRequest)
    requireKnownNetworks(request.chainNetworks)
    return c.json({ data: await apps.create(c.get("caller").account.id, request) }, 201)
  }
}

/** `GET /v1/apps/:id`: `ETag` is for the `If-Match` of what puts a list in place. */
export function getApp(apps: Apps): Handler<AdminEnv> {
  return async (c) => appAnswer(c, await apps.find(c.get("caller").account.id, c.req.param("id") ?? ""))
}

/** `PATCH /v1/apps/:id` */
export function updateApp(apps: Apps): Handler<AdminEnv> {
  return async (c) => {
    const change = await readJson(c.req.raw, UpdateAppRequest)
    const app = await apps.update(c.get("caller").account.id, c.req.param("id") ?? "", change)
    if (app === null) throw notFound("app")
    return c.json({ data: app })
  }
}

/** `PUT /v1/apps/:id/networks`: all that the app is to have. With `If-Match` only where the app is still as it was read. */
export function putNetworks(apps: Apps): Handler<AdminEnv> {
  return async (c) => {
    const { chainNetworks } = await readJson(c.req.raw, AppNetworksRequest)
    requireKnownNetworks(chainNetworks)
    const { account } = c.get("caller")
    const condition = ifMatch(c.req.header("if-match"))
    return appAnswer(c, await apps.setNetworks(account.id, c.req.param("id") ?? "", chainNetworks, condition))
  }
}

/** `PUT /v1/apps/:id/address-allowlist` and its kin: the whole list, in the app's field of that name. Empty: everybody. `If-Match` as of the networks. */
export function putAllowlist(apps: Apps, allowlist: Allowlist): Handler<AdminEnv> {
  const field = ALLOWLISTS[allowlist]
  const body = v.object({ [field]: AllowlistEntries } as Record<AllowlistField, typeof AllowlistEntries>)
  return async (c) => {
    const { [field]: entries } = await readJson(c.req.raw, body)
    requireAllowlistValues(field, entries)
    const { account } = c.get("caller")
    const condition = ifMatch(c.req.header("if-match"))
    return appAnswer(
      c,
      await apps.setAllowlist(account.id, c.req.param("id") ?? "", field, entries, condition),
    )
  }
}

/** `DELETE /v1/apps/:id` */
export function deleteApp(apps: Apps): Handler<AdminEnv> {
  return async (c) => {
    const gone = await apps.delete(c.get("caller").account.id, c.req.param("id") ?? "")
    if (!gone) throw notFound("app")
    return c.body(null, 204)
  }
}

/** `GET /v1/chains` */
export const listChains: Handler<AdminEnv> = (c) => c.json({ data: { chains: Array.from(CHAINS.values()) } })

/** @throws RequestRefused 404, 409 */
function appAnswer(c: Context<AdminEnv>, changed: Changed): Response {
  if (changed === null) throw notFound("app")
  if (changed === "conflict") {
    const sentence = "The app is no longer as it was read: something else has changed it. Read it again."
    throw new RequestRefused(409, WIRE_ERRORS.conflict, sentence)
  }
  return c.json({ data: changed.app }, 200, { ETag: changed.tag })
}

/** @throws RequestRefused 400, naming the first three that are not known */
function requireKnownNetworks(ids: readonly string[]): void {
  const unknown = ids.filter((id) => !CHAINS.has(id))
  if (unknown.length === 0) return
  const names = unknown.slice(0, 3).map((id) => JSON.stringify(id))
  throw refusedField("chainNetworks", `must be ids from GET /v1/chains; there is no ${names.join(", ")}`)
}
