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

/** The calls of the admin API that commands make. Each throws CLIError as `sendAdminRequest` and `judgeAdminAnswer` say. */
export type AdminClient = {
  me(): Promise<Me>
  listApps(page: { limit?: number | undefined; cursor?: string | undefined }): Promise<AppPage>
  getApp(id: string): Promise<App>
  createApp(app: CreateAppRequest): Promise<App>
  updateApp(id: string, change: UpdateAppRequest): Promise<App>
  deleteApp(id: string): Promise<void>
  listChains(): Promise<ChainNetwork[]>
  /** Every network that the app is to have. */
  setNetworks(id: string, chainNetworks: string[]): Promise<App>
  /** The whole of one allow-list. */
  setAllowlist(id: string, list: Allowlist, entries: AllowlistEntry[]): Promise<App>
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
  const call = (request: AdminRequest) =>
    authorize(async (credential) =>
      judgeAdminAnswer(await sendAdminRequest(request, credential, transport), credential),
    )
  const ask = async <TSchema extends v.GenericSchema>(
    request: AdminRequest,
    schema: TSchema,
  ): Promise<v.InferOutput<TSchema>> => {
    const answer = v.safeParse(dataOf(schema), await call(request))
    if (answer.success) return answer.output.data
    const field = v.getDotPath(answer.issues[0]) ?? "the whole answer"
    throw new CLIError("ADMIN_API_ERROR", `The server's answer has not the expected form (${field}).`)
  }
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
    createApp: (body) => ask({ method: "POST", path: "/v1/apps", body }, App),
    updateApp: (id, body) => ask({ method: "PATCH", path: appPath(id), body }, App),
    async deleteApp(id) {
      await call({ method: "DELETE", path: appPath(id) })
    },
    listChains: async () => (await ask({ method: "GET", path: "/v1/chains" }, ChainList)).chains,
    setNetworks: (id, chainNetworks) =>
      ask({ method: "PUT", path: `${appPath(id)}/networks`, body: { chainNetworks } }, App),
    setAllowlist: (id, list, entries) =>
      ask({ method: "PUT", path: `${appPath(id)}/${list}`, body: { [ALLOWLISTS[list]]: entries } }, App),
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
      const answer = call({ method: "DELETE", path: `/v1/access-keys/${encodeURIComponent(id)}` })
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
