/** As much of `oidc-provider` as the bench uses; the package brings no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http"

  /** What `oidc-provider` keeps one kind of things with (its documentation, `adapter`). */
  export type Adapter = {
    upsert(id: string, payload: Payload, expiresInSeconds?: number): Promise<void>
    find(id: string): Promise<Payload | undefined>
    findByUserCode(userCode: string): Promise<Payload | undefined>
    findByUid(uid: string): Promise<Payload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }
  export type Payload = Record<string, unknown>

  type Token = {
    new (properties: object): { save(): Promise<string> }
  }

  export default class Provider {
    constructor(issuer: string, configuration: object)
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    Client: { find(id: string): Promise<object> }
    Grant: { new (properties: object): { addOIDCScope(scope: string): void; save(): Promise<string> } }
    AccessToken: Token
    RefreshToken: Token
  }
}
