import { type AdminClient, createAdminClient } from "../admin/admin-client.ts"
import type { AdminCredential } from "../admin/request.ts"
import { hasPassed, originOf } from "../auth/resolve-auth-token.ts"
import type { CommandContext } from "../command.ts"
import { completionCacheOf, readCache, writeCache } from "../config/cache-file.ts"
import type { ConfigFile } from "../config/file.ts"
import { sameServer } from "../config/server-urls.ts"
import { resolveSettings, type Settings } from "../config/settings.ts"
import type { Candidate } from "./candidates.ts"

/** What only the server can list. */
export type ServerList = "apps" | "networks" | "access-keys" | "sessions"

/** How long whoever pressed Tab waits for the server, the keychain included, in milliseconds. */
const LIMIT_MS = 1000
/** How long an answer is good, in milliseconds. */
const GOOD_FOR_MS = 60_000
const MOST_KEPT = 200
/** Ids are operands: one that begins with a dash would be a flag. */
const ID = /^\w[\w.:-]{0,127}$/

type Kept = { at: number; candidates: Candidate[] }

/**
 * What the server lists, with the credential that commands would use; from a file beside the configuration where it was
 * asked in the last minute. Nothing where there is no credential, no answer within a second, or a refusal: no sign-in comes of it.
 */
export async function serverCandidates(
  list: ServerList,
  config: ConfigFile,
  context: CommandContext,
): Promise<Candidate[]> {
  const settings = resolveSettings(await config.values(), context)
  const found = await credentialOf(settings, config, context)
  if (found === null) return []
  const path = completionCacheOf(config.path)
  const key = await digest([list, settings.adminUrl, found.identity].join("\n"))
  const now = context.now()
  const kept = recent(await readCache(path), now)
  const known = kept.get(key)
  if (known !== undefined) return known.candidates
  const candidates = await withinLimit(async (signal) =>
    LISTS[list](clientFor(await found.credential(), settings, context, signal)),
  )
  const safe = candidates.filter(({ value }) => ID.test(value)).slice(0, MOST_KEPT)
  await writeCache(path, Object.fromEntries([...kept, [key, { at: now, candidates: safe }]]))
  return safe
}

const LISTS: Readonly<Record<ServerList, (client: AdminClient) => Promise<Candidate[]>>> = {
  apps: async (client) =>
    (await client.listApps({ limit: 100 })).apps.map(({ id, name }) => ({ value: id, description: name })),
  networks: async (client) =>
    (await client.listChains()).map(({ id, name }) => ({ value: id, description: name })),
  "access-keys": async (client) =>
    (await client.listAccessKeys()).map(({ id, name }) => ({ value: id, description: name })),
  sessions: async (client) =>
    (await client.listSessions()).map(({ id, device, current }) => ({
      value: id,
      description: current ? `${device.name ?? ""} (this machine)` : (device.name ?? ""),
    })),
}

type Found = {
  /** Tells credentials apart, and is known without a keychain being asked. */
  identity: string
  credential: () => Promise<AdminCredential>
}

async function credentialOf(
  settings: Settings,
  config: ConfigFile,
  context: CommandContext,
): Promise<Found | null> {
  const { accessKey } = settings
  const given = (kind: AdminCredential["kind"], secret: string, origin: string): Found => ({
    identity: secret,
    credential: async () => ({ kind, secret, origin }),
  })
  if (accessKey !== null) return given("access-key", accessKey.key, accessKey.origin)
  const environment = context.env.ALCHEMY_AUTH_TOKEN?.trim()
  if (environment) return given("auth-token", environment, "environment")
  const signIn = await config.store.signIn()
  if (signIn === null || hasPassed(signIn.expiresAt, context.serverNow())) return null
  if (signIn.server !== null && !sameServer(signIn.server, settings.authUrl)) return null
  return {
    identity: signIn.digest,
    credential: async () => {
      const secret = (await config.loadCredential())?.token ?? ""
      return { kind: "auth-token", secret, origin: originOf(signIn.keptIn) }
    },
  }
}

/** Nothing is reported on the way, and a 401 leads nowhere. */
function clientFor(
  credential: AdminCredential,
  settings: Settings,
  { fetch, now }: CommandContext,
  signal: AbortSignal,
): AdminClient {
  const transport = {
    baseUrl: settings.adminUrl,
    fetch,
    now,
    signal,
    timeoutMs: LIMIT_MS,
    onDetail: () => {},
  }
  return createAdminClient(transport, (call) => call(credential))
}

async function withinLimit<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const giveUp = new AbortController()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error("too late")), LIMIT_MS)
  try {
    return await Promise.race([work(giveUp.signal), late.promise])
  } finally {
    clearTimeout(timer)
    giveUp.abort()
  }
}

function recent(content: unknown, now: number): Map<string, Kept> {
  if (typeof content !== "object" || content === null) return new Map()
  return new Map(
    Object.entries(content).filter(
      (entry): entry is [string, Kept] => isKept(entry[1]) && Math.abs(now - entry[1].at) < GOOD_FOR_MS,
    ),
  )
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null || !("at" in value) || !("candidates" in value))
    return false
  const { at, candidates } = value
  return typeof at === "number" && Array.isArray(candidates) && candidates.every(isCandidate)
}

function isCandidate(value: unknown): value is Candidate {
  if (typeof value !== "object" || value === null) return false
  const { value: word, description } = value as Partial<Record<keyof Candidate, unknown>>
  return typeof word === "string" && ID.test(word) && typeof description === "string"
}

/** Names an entry without naming what it belongs to. */
async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))
  return Buffer.from(bytes).toString("base64url")
}
