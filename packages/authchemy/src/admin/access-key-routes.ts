import {
  type AccessKey,
  type AccessKeyCreated,
  CreateAccessKeyRequest,
  DEFAULT_SCOPES,
  type Scope,
  WIRE_ERRORS,
} from "@authchemy/protocol"
import type { Handler } from "hono"
import { readJson } from "../middleware/request-body.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import type { AccessKeyRecord, AccessKeys } from "./access-keys.ts"
import type { AdminEnv } from "./authenticate.ts"
import { notFound } from "./query.ts"

/** `GET /v1/access-keys` */
export function listAccessKeys(accessKeys: AccessKeys): Handler<AdminEnv> {
  return async (c) => {
    const keys = await accessKeys.list(c.get("caller").account.id)
    return c.json({ data: { accessKeys: keys.map(accessKeyResource) } })
  }
}

/** `POST /v1/access-keys`: the answer carries the key, this once. A key can do no more than who makes it. */
export function createAccessKey(accessKeys: AccessKeys): Handler<AdminEnv> {
  return async (c) => {
    const { name, scopes, expiresInSeconds = null } = await readJson(c.req.raw, CreateAccessKeyRequest)
    const { account, scopes: own } = c.get("caller")
    const request = { name, scopes: keyScopes(scopes, own), expiresInSeconds }
    const created = await accessKeys.create(account.id, request)
    const data: AccessKeyCreated = { ...accessKeyResource(created), key: created.key }
    return c.json({ data }, 201)
  }
}

/** `DELETE /v1/access-keys/:id` */
export function deleteAccessKey(accessKeys: AccessKeys): Handler<AdminEnv> {
  return async (c) => {
    const gone = await accessKeys.delete(c.get("caller").account.id, c.req.param("id") ?? "")
    if (!gone) throw notFound("access key")
    return c.body(null, 204)
  }
}

/** What a new key may be used for, each scope once: what is asked for, or all that its maker may do; there is nothing that a key would refresh. */
function keyScopes(asked: readonly Scope[] | undefined, own: readonly Scope[]): readonly Scope[] {
  const lacking = asked?.find((scope) => !own.includes(scope))
  if (lacking !== undefined) {
    const sentence = `scopes: a key can have no scope that its maker lacks (${lacking}).`
    throw new RequestRefused(403, WIRE_ERRORS.insufficientScope, sentence)
  }
  return DEFAULT_SCOPES.filter((scope) => (asked ?? own).includes(scope))
}

/** An access key as it travels: never the key itself. */
export function accessKeyResource(record: AccessKeyRecord): AccessKey {
  return {
    id: record.id,
    name: record.name,
    scopes: [...(record.scopes ?? DEFAULT_SCOPES)],
    createdAt: record.createdAt,
    ...(record.expiresAt === null ? {} : { expiresAt: record.expiresAt }),
    ...(record.lastUsedAt === null ? {} : { lastUsedAt: record.lastUsedAt }),
  }
}
