import { type AccessKey, type AccessKeyCreated, CreateAccessKeyRequest } from "@authchemy/protocol"
import type { Handler } from "hono"
import { readJson } from "../middleware/request-body.ts"
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

/** `POST /v1/access-keys`: the answer carries the key, this once. */
export function createAccessKey(accessKeys: AccessKeys): Handler<AdminEnv> {
  return async (c) => {
    const { name, expiresInSeconds } = await readJson(c.req.raw, CreateAccessKeyRequest)
    const created = await accessKeys.create(c.get("caller").account.id, name, expiresInSeconds ?? null)
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

/** An access key as it travels: never the key itself. */
export function accessKeyResource(record: AccessKeyRecord): AccessKey {
  return {
    id: record.id,
    name: record.name,
    createdAt: record.createdAt,
    ...(record.expiresAt === null ? {} : { expiresAt: record.expiresAt }),
    ...(record.lastUsedAt === null ? {} : { lastUsedAt: record.lastUsedAt }),
  }
}
