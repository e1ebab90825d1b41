import * as v from "valibot"
import { AccountSummary } from "./cli-token.ts"
import { DeviceClaims, Timestamp, text } from "./fields.ts"
import { SCOPES } from "./scopes.ts"

/** A blockchain network an app can use. */
export const ChainNetwork = v.object({
  id: v.string(),
  name: v.string(),
  networkChainId: v.optional(v.number()),
  rpcUrl: v.string(),
  wsUrl: v.optional(v.string()),
})
export type ChainNetwork = v.InferOutput<typeof ChainNetwork>

/** One entry of an app's allow-list. */
export const AllowlistEntry = v.object({ name: v.optional(text(64)), value: text(256) })
export type AllowlistEntry = v.InferOutput<typeof AllowlistEntry>

/** An app of the account. */
export const App = v.object({
  id: v.string(),
  name: v.string(),
  description: v.optional(v.string()),
  apiKey: v.string(),
  webhookApiKey: v.string(),
  chainNetworks: v.array(ChainNetwork),
  products: v.optional(v.array(v.string())),
  addressAllowlist: v.optional(v.array(AllowlistEntry)),
  originAllowlist: v.optional(v.array(AllowlistEntry)),
  ipAllowlist: v.optional(v.array(AllowlistEntry)),
  createdAt: Timestamp,
})
export type App = v.InferOutput<typeof App>

const appName = text(100)
const appDescription = v.pipe(
  v.string("must be a string"),
  v.maxLength(500, "must be at most 500 characters"),
)

const chainNetworkIds = v.pipe(
  v.array(text(64), "must be a list of chain network ids"),
  v.minLength(1, "must name at least one chain network"),
  v.maxLength(200, "must name at most 200 chain networks"),
)

/** The body of `POST /v1/apps`. */
export const CreateAppRequest = v.object({
  name: appName,
  chainNetworks: chainNetworkIds,
  description: v.optional(appDescription),
  products: v.optional(
    v.pipe(v.array(text(64), "must be a list"), v.maxLength(50, "must have at most 50 entries")),
  ),
})
export type CreateAppRequest = v.InferOutput<typeof CreateAppRequest>

/** The body of `PATCH /v1/apps/:id`: what is left out stays as it is. */
export const UpdateAppRequest = v.pipe(
  v.object({ name: v.optional(appName), description: v.optional(appDescription) }),
  v.check(
    (change) => change.name !== undefined || change.description !== undefined,
    "must have a `name` or a `description`",
  ),
)
export type UpdateAppRequest = v.InferOutput<typeof UpdateAppRequest>

/** The body of `PUT /v1/apps/:id/networks`: all that the app is to have. */
export const AppNetworksRequest = v.object({ chainNetworks: chainNetworkIds })
export type AppNetworksRequest = v.InferOutput<typeof AppNetworksRequest>

/** The allow-lists of an app: the last segment of each one's path, and the field that holds it. */
export const ALLOWLISTS = {
  "address-allowlist": "addressAllowlist",
  "origin-allowlist": "originAllowlist",
  "ip-allowlist": "ipAllowlist",
} as const
export type Allowlist = keyof typeof ALLOWLISTS

/** The whole of one allow-list; empty: everybody. */
export const AllowlistEntries = v.pipe(
  v.array(AllowlistEntry, "must be a list of entries"),
  v.maxLength(100, "must have at most 100 entries"),
)

/** A signed-in machine of the account. */
export const Session = v.object({
  id: v.string(),
  device: DeviceClaims,
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  expiresAt: Timestamp,
  /** Whether the call was made with this very session. */
  current: v.boolean(),
})
export type Session = v.InferOutput<typeof Session>

/** A key for a machine that no person sits at. Its secret is not part of it. */
export const AccessKey = v.object({
  id: v.string(),
  name: v.string(),
  /** What it may be used for. */
  scopes: v.optional(v.array(v.string())),
  createdAt: Timestamp,
  expiresAt: v.optional(Timestamp),
  lastUsedAt: v.optional(Timestamp),
})
export type AccessKey = v.InferOutput<typeof AccessKey>

const KEY_SCOPES = SCOPES.filter((scope) => scope !== "offline_access")

/** The body of `POST /v1/access-keys`. Without an expiry the key lives until it is deleted; without scopes it can do what its maker can. */
export const CreateAccessKeyRequest = v.object({
  name: text(100),
  scopes: v.optional(
    v.pipe(
      v.array(
        v.picklist(KEY_SCOPES, `must be a list of ${KEY_SCOPES.join(", ")}`),
        "must be a list of scopes",
      ),
      v.minLength(1, "must name at least one scope"),
      v.maxLength(KEY_SCOPES.length, "must name each scope once"),
    ),
  ),
  expiresInSeconds: v.optional(
    v.pipe(
      v.number("must be a number of seconds"),
      v.integer("must be a whole number of seconds"),
      v.minValue(60, "must be at least 60 seconds"),
      v.maxValue(10 * 365 * 86_400, "must be at most ten years"),
    ),
  ),
})
export type CreateAccessKeyRequest = v.InferOutput<typeof CreateAccessKeyRequest>

/** Something that happened to an account. The webhook sends the same. */
export const ActivityEvent = v.object({
  id: v.string(),
  /** What happened, such as `token.issued`. There may be others one day. */
  type: v.string(),
  at: Timestamp,
  accountId: v.nullable(v.string()),
  sessionId: v.nullable(v.string()),
  clientId: v.nullable(v.string()),
  /** The machine that it is about, as it described itself. */
  device: DeviceClaims,
  /** Whose doing it was (`browser`, `program`, `operator` or `server`) and from where. */
  origin: v.object({
    actor: v.string(),
    address: v.nullable(v.string()),
    agent: v.nullable(v.string()),
  }),
  details: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
})
export type ActivityEvent = v.InferOutput<typeof ActivityEvent>

/** `GET /v1/me`: the account, and which credential the call was made with. */
export const Me = v.object({
  account: AccountSummary,
  credential: v.variant("type", [
    v.object({ type: v.literal("session"), session: Session }),
    v.object({ type: v.literal("access_key"), accessKey: AccessKey }),
  ]),
})
export type Me = v.InferOutput<typeof Me>

/** Every success of the admin API carries its answer in `data`. */
export const dataOf = <TSchema extends v.GenericSchema>(schema: TSchema) => v.object({ data: schema })

export const AppPage = v.object({ apps: v.array(App), cursor: v.optional(v.string()) })
export type AppPage = v.InferOutput<typeof AppPage>
export const ActivityPage = v.object({ events: v.array(ActivityEvent), cursor: v.optional(v.string()) })
export type ActivityPage = v.InferOutput<typeof ActivityPage>
export const ChainList = v.object({ chains: v.array(ChainNetwork) })
export const SessionList = v.object({ sessions: v.array(Session) })
export const SessionsEnded = v.object({ ended: v.number() })
export type SessionsEnded = v.InferOutput<typeof SessionsEnded>
export const AccessKeyList = v.object({ accessKeys: v.array(AccessKey) })
/** The `201` of `POST /v1/access-keys`: `key` is shown this once and never again. */
export const AccessKeyCreated = v.object({ ...AccessKey.entries, key: v.string() })
export type AccessKeyCreated = v.InferOutput<typeof AccessKeyCreated>

/** A failure of the admin API. */
export const AdminErrorResponse = v.object({ error: v.string(), message: v.optional(v.string()) })
export type AdminErrorResponse = v.InferOutput<typeof AdminErrorResponse>
