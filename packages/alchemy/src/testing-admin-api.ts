import { createHash } from "node:crypto"
import type { AccessKey, AllowlistEntry, App, Session } from "@authchemy/protocol"
import { ALLOWLISTS } from "@authchemy/protocol"

export const ACCOUNT = { id: "acc_1", email: "ada@example.com", name: "Ada" }

export const APP = {
  id: "app_1",
  name: "demo",
  apiKey: "apikey-1234567890-abcdefgh",
  webhookApiKey: "whkey-1234567890-abcdefgh",
  chainNetworks: [
    {
      id: "eth-mainnet",
      name: "Ethereum",
      networkChainId: 1,
      rpcUrl: "https://eth.example.com/v2/apikey-1234567890-abcdefgh",
      wsUrl: "wss://eth.example.com/v2/apikey-1234567890-abcdefgh",
    },
  ],
  createdAt: "2026-11-01T00:00:00.000Z",
}

/** The id that the session of a token has in the list of sessions. */
export const sessionIdOf = (token: string) =>
  `ses_${createHash("sha256").update(token).digest("hex").slice(0, 12)}`

/** What the admin API works on. */
export type AdminState = {
  sessions: Set<string>
  apps: App[]
  accessKeys: AccessKey[]
  /** The ids of access keys, by their secrets. */
  keySecrets: Map<string, string>
  /** Milliseconds since 1970. */
  now: () => number
  newKey: () => string
}

type Call = { method: string; url: URL; token: string; body: string; ifMatch?: string | undefined }
type AdminAnswer = { status: number; content?: unknown; headers?: Record<string, string> }

/** The entity tag of an app. */
const tagOf = (app: App) => `"${createHash("sha256").update(JSON.stringify(app)).digest("base64url")}"`

/** What `/v1` answers whoever holds a session's token or an access key, as far as these tests go. */
export function answerAdmin({ method, url, token, body, ifMatch }: Call, state: AdminState): AdminAnswer {
  const { sessions, apps, accessKeys, keySecrets } = state
  const data = (content: unknown, status = 200): AdminAnswer => ({ status, content: { data: content } })
  const missing = (what: string): AdminAnswer => ({
    status: 404,
    content: { error: "not_found", message: `There is no such ${what}.` },
  })
  if (!sessions.has(token) && !keySecrets.has(token)) {
    return { status: 401, content: { error: "invalid_token", message: "no such token" } }
  }
  const [, , resource = "", id, part] = url.pathname.split("/")
  const route = `${method} ${resource}${id === undefined ? "" : "/:id"}${part === undefined ? "" : `/${part}`}`
  const json = () => JSON.parse(body) as Record<string, unknown>
  const moment = new Date(state.now()).toISOString()
  const session = (ofToken: string): Session => ({
    id: sessionIdOf(ofToken),
    device: { name: "laptop", os: "Linux 6.0", client: "alchemy-cli/1.0.0" },
    createdAt: "2026-11-20T09:30:00.000Z",
    lastUsedAt: new Date(state.now() - 300_000).toISOString(),
    expiresAt: new Date(state.now() + 7_776_000_000).toISOString(),
    current: ofToken === token,
  })
  const app = apps.find((candidate) => candidate.id === id)
  if (resource === "apps" && id !== undefined && app === undefined) return missing("app")
  const tagged = (one: App): AdminAnswer => ({ ...data(one), headers: { etag: tagOf(one) } })
  const change = (changed: Partial<App>) => tagged(Object.assign(app as App, changed))
  if (method === "PUT" && app !== undefined && ifMatch !== undefined && ifMatch !== tagOf(app)) {
    return { status: 409, content: { error: "conflict", message: "The app is no longer as it was read." } }
  }

  if (route === "GET me") {
    const own = { ...session(token), id: "ses_1", createdAt: moment, lastUsedAt: moment }
    return data({ account: ACCOUNT, credential: { type: "session", session: own } })
  }
  if (route === "GET sessions") return data({ sessions: [...sessions].map(session) })
  if (route === "DELETE sessions") {
    const ended = [...sessions].filter((one) => one !== token || url.search === "")
    for (const one of ended) sessions.delete(one)
    return data({ ended: ended.length })
  }
  if (route === "DELETE sessions/:id") {
    const found = [...sessions].find((one) => sessionIdOf(one) === id)
    if (found === undefined) return missing("session")
    sessions.delete(found)
    return data({ ended: 1 })
  }
  if (route === "GET access-keys") return data({ accessKeys })
  if (route === "POST access-keys") {
    const { expiresInSeconds, ...asked } = json()
    const seconds = Number(expiresInSeconds)
    const expiry = new Date(state.now() + seconds * 1000)
    const made = {
      id: `key_${accessKeys.length + 1}`,
      name: String(asked.name),
      scopes: (asked.scopes as string[] | undefined) ?? ["account:read", "apps:read"],
      createdAt: moment,
      ...(expiresInSeconds === undefined ? {} : { expiresAt: expiry.toISOString() }),
    }
    const key = state.newKey()
    accessKeys.push(made)
    keySecrets.set(key, made.id)
    return data({ ...made, key }, 201)
  }
  if (route === "DELETE access-keys/:id") {
    const index = accessKeys.findIndex((key) => key.id === id)
    if (index === -1) return missing("access key")
    accessKeys.splice(index, 1)
    return { status: 204 }
  }
  if (route === "GET chains") return data({ chains: APP.chainNetworks })
  if (route === "GET apps") {
    const from = Number(url.searchParams.get("cursor") ?? 0)
    const to = from + Number(url.searchParams.get("limit") ?? 25)
    const cursor = to < apps.length ? { cursor: String(to) } : {}
    return data({ apps: apps.slice(from, to), ...cursor })
  }
  if (route === "POST apps") return data({ ...APP, ...json(), chainNetworks: APP.chainNetworks }, 201)
  if (route === "GET apps/:id") return tagged(app as App)
  if (route === "PATCH apps/:id") return data({ ...app, ...json() })
  if (route === "DELETE apps/:id") {
    apps.splice(apps.indexOf(app as App), 1)
    return { status: 204 }
  }
  if (route === "PUT apps/:id/networks") {
    const chainNetworks = (json().chainNetworks as string[]).map((network) => ({
      id: network,
      name: network,
      rpcUrl: `https://${network}.example.com/v2/${APP.apiKey}`,
    }))
    return change({ chainNetworks })
  }
  const field = ALLOWLISTS[part as keyof typeof ALLOWLISTS]
  if (method === "PUT" && resource === "apps" && field !== undefined) {
    return change({ [field]: json()[field] as AllowlistEntry[] })
  }
  return { status: 405, content: { error: "method_not_allowed", message: `There is no ${route}.` } }
}
