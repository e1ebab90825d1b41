import { ALCHEMY_CLIENT_ID } from "@authchemy/protocol"
import { fieldsFrom, type RedisConnection } from "./redis-connection.ts"
import { creationArguments, revocationOf, type TagKeys } from "./redis-records.ts"
import { packScopes, unpackScopes } from "./session-packing.ts"
import { type CodeRecord, type TokenStore, USED_CODE_RETENTION_MS } from "./store.ts"

type CodeMethods = Pick<TokenStore, "putCode" | "findCode" | "redeemCode">

/**
 * Codes in Redis: `<prefix>c:{tag}<digest>`, on the slot of their account.
 * @param options.keys of the accounts with a tag
 * @param options.eraKey of the accounts with a tag: see `redis-code-scripts.ts`
 * @param options.waitingKey of the accounts with a tag: see there
 * @param options.channel on which what ended is pushed
 */
export function redisCodes(options: {
  connection: RedisConnection
  prefix: string
  keys: TagKeys
  eraKey: (tag: string) => string
  waitingKey: (tag: string) => string
  channel: string
}): CodeMethods {
  const { connection, prefix, keys, eraKey, waitingKey, channel } = options
  const { scripts } = connection
  const codeKey = (tag: string, digest: string) => `${prefix}c:{${tag}}${digest}`

  return {
    putCode: async (code, now) => {
      const { tag, digest, accountId, expiresAt } = code
      const fields = Object.entries(codeFields(code)).flat()
      const ttl = String(Math.max(1, expiresAt - now))
      await scripts.putCode(
        [codeKey(tag, digest), eraKey(tag), waitingKey(tag)],
        [ttl, accountId, String(now), digest, String(expiresAt), ...fields],
      )
    },

    findCode: async (tag, digest) => {
      const fields = fieldsFrom(await scripts.findCode([codeKey(tag, digest), eraKey(tag)], []))
      return fields.accountId === undefined ? null : codeOf(tag, digest, fields)
    },

    redeemCode: async ({ tag, digest }, creation, now) => {
      const [ended, gone, outcome] = await scripts.redeemCode(
        [...keys(tag), codeKey(tag, digest), eraKey(tag), waitingKey(tag)],
        [
          ...[channel, tag, String(now), String(USED_CODE_RETENTION_MS), digest],
          ...creationArguments(creation, now),
        ],
      )
      return {
        outcome: outcome.toString() as "redeemed" | "replayed" | "unknown",
        revocation: revocationOf(tag, ended, gone),
      }
    },
  }
}

function codeFields(code: CodeRecord): Record<string, string> {
  return {
    accountId: code.accountId,
    clientId: code.clientId,
    scopes: packScopes(code.scopes),
    redirectUri: code.redirectUri ?? "",
    codeChallenge: code.codeChallenge ?? "",
    keyThumbprint: code.keyThumbprint ?? "",
    device: JSON.stringify(code.device),
    endsOnReplay: code.endsOnReplay ? "1" : "0",
    expiresAt: String(code.expiresAt),
    usedBy: "",
  }
}

function codeOf(tag: string, digest: string, fields: Record<string, string | undefined>): CodeRecord {
  return {
    digest,
    tag,
    accountId: fields.accountId ?? "",
    clientId: fields.clientId || ALCHEMY_CLIENT_ID,
    scopes: unpackScopes(fields.scopes ?? ""),
    redirectUri: fields.redirectUri || null,
    codeChallenge: fields.codeChallenge || null,
    keyThumbprint: fields.keyThumbprint || null,
    device: JSON.parse(fields.device ?? "{}"),
    endsOnReplay: fields.endsOnReplay !== "0",
    expiresAt: Number(fields.expiresAt),
    usedBy: fields.usedBy || null,
  }
}
