import {
  type AccessKey,
  AccessKeyCreated,
  AccessKeyList,
  ALLOWLISTS,
  type Allowlist,
  type AllowlistEntry,
  App,
  AppPage,
  ChainList,
  type ChainNetwork,
  type CreateAccessKeyRequest,
  type CreateAppRequest,
  dataOf,
  Me,
  type Session,
  SessionList,
  SessionsEnded,
  type UpdateAppRequest,
} from "@authchemy/protocol"
import * as v from "valibot"
import { CLIError } from "../errors.ts"
import {
  type AdminCredential,
  type AdminRequest,
  type AdminTransport,
  judgeAdminAnswer,
  sendAdminRequest,
} from "./request.ts"

/** An app, and the entity tag of what the server has of it; `null` where the server gives none. */
export type TaggedApp = { app: App; tag: string | null }

/** The calls of the admin API that commands make. Each throws CLIError as `sendAdminRequest` and `judgeAdminAnswer` say. */
export type AdminClient = {
  me(): Promise<Me>
  listApps(page: { limit?: number | undefined; cursor?: string | undefined }): Promise<AppPage>
  getApp(id: string): Promise<App>
  getTaggedApp(id: string): Promise<TaggedApp>
  createApp(app: CreateAppRequest): Promise<App>
  updateApp(id: string, change: UpdateAppRequest): Promise<App>
  deleteApp(id: string): Promise<void>
  listChains(): Promise<ChainNetwork[]>
  /** Every network that the app is to have. @param tag only if the app still has it, else CLIError with the status 409 */
  setNetworks(id: string, chainNetworks: string[], tag?: string | null): Promise<App>
  /** The whole of one allow-list. @param tag as of the networks */
  setAllowlist(id: string, list: Allowlist, entries: AllowlistEntry[], tag?: string | null): Promise<App>
  listSessions(): Promise<Session[]>
  /** How many were ended. */
  endSession(id: string): Promise<number>
  /** All of the account, or all but the caller's. How many were ended. */
  endSessions(which: { others: boolean }): Promise<number>
  listAccessKeys(): Promise<AccessKey[]>
  createAccessKey(key: CreateAccessKeyRequest): Promise<AccessKeyCreated>
  deleteAccessKey(id: string): Promise<void>
}

/** Calls `call` with a credential, and may call it again with another. */
export type Authorize = <T>(call: (credential: AdminCredential) => Promise<T>) => Promise<T>

/** A client of one admin API. `transport.baseUrl` is https unless loopback (`parseServerUrl` has seen to it). */
export function createAdminClient(transport: AdminTransport, authorize: Authorize): AdminClient {
  const send = (request: AdminRequest) =>
    authorize(async (credential) => {
      const answer = await sendAdminRequest(request, credential, transport)
      return { content: judgeAdminAnswer(answer, credential), tag: answer.tag }
    })
  const askTagged = async <TSchema extends v.GenericSchema>(request: AdminRequest, schema: TSchema) => {
    const { content, tag } = await send(request)
    const answer = v.safeParse(dataOf(schema), content)
    if (answer.success) return { data: answer.output.data as v.InferOutput<TSchema>, tag }
    const field = v.getDotPath(answer.issues[0]) ?? "the whole answer"
    throw new CLIError("ADMIN_API_ERROR", `The server's answer has not the expected form (${field}).`)
  }
  const ask = async <TSchema extends v.GenericSchema>(request: AdminRequest, schema: TSchema) =>
    (await askTagged(request, schema)).data
  const put = (path: string, body: unknown, tag: string | null = null) =>
    ask({ method: "PUT", path, body, ifMatch: tag ?? undefined }, App)
  const appPath = (id: string) => `/v1/apps/${encodeURIComponent(id)}`
  return {
    me: () => ask({ method: "GET", path: "/v1/me" }, Me),
    listApps({ limit, cursor }) {
      const query = new URLSearchParams()
      if (limit !== undefined) query.set("limit", String(limit))
      if (cursor !== undefined) query.set("cursor", cursor)
      return ask({ method: "GET", path: `/v1/apps${query.size === 0 ? "" : `?${query}`}` }, AppPage)
    },
    getApp: (id) => ask({ method: "GET", path: appPath(id) }, App),
    async getTaggedApp(id) {
      const { data, tag } = await askTagged({ method: "GET", path: appPath(id), forTag: true }, App)
      return { app: data, tag }
    },
    createApp: (body) => ask({ method: "POST", path: "/v1/apps", body }, App),
    updateApp: (id, body) => ask({ method: "PATCH", path: appPath(id), body }, App),
    async deleteApp(id) {
      await send({ method: "DELETE", path: appPath(id) })
    },
    listChains: async () => (await ask({ method: "GET", path: "/v1/chains" }, ChainList)).chains,
    setNetworks: (id, chainNetworks, tag) => put(`${appPath(id)}/networks`, { chainNetworks }, tag),
    setAllowlist: (id, list, entries, tag) =>
      put(`${appPath(id)}/${list}`, { [ALLOWLISTS[list]]: entries }, tag),
    listSessions: async () => (await ask({ method: "GET", path: "/v1/sessions" }, SessionList)).sessions,
    async endSession(id) {
      const path = `/v1/sessions/${encodeURIComponent(id)}`
      const answer = ask({ method: "DELETE", path }, SessionsEnded)
      return (await answer.catch(missingFrom("alchemy auth sessions"))).ended
    },
    async endSessions({ others }) {
      const path = `/v1/sessions${others ? "?others=true" : ""}`
      return (await ask({ method: "DELETE", path }, SessionsEnded)).ended
    },
    listAccessKeys: async () =>
      (await ask({ method: "GET", path: "/v1/access-keys" }, AccessKeyList)).accessKeys,
    createAccessKey: (body) => ask({ method: "POST", path: "/v1/access-keys", body }, AccessKeyCreated),
    async deleteAccessKey(id) {
      const answer = send({ method: "DELETE", path: `/v1/access-keys/${encodeURIComponent(id)}` })
      await answer.catch(missingFrom("alchemy access-keys list"))
    },
  }
}

/** Lets what is not found name the command that shows what there is. */
function missingFrom(list: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CLIError) || error.code !== "NOT_FOUND") throw error
    const { code, message, status } = error
    throw new CLIError(code, message, { hint: `\`${list}\` shows what there is.`, status, cause: error })
  }
}
