import {
  App,
  AppPage,
  ChainList,
  type ChainNetwork,
  type CreateAppRequest,
  dataOf,
  Me,
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
  }
}
