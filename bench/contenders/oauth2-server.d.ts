/** As much of `@node-oauth/oauth2-server` as the bench uses, so that types are checked where the bench is not installed. */
declare module "@node-oauth/oauth2-server" {
  type Token = {
    accessToken: string
    accessTokenExpiresAt: Date
    scope: string[]
    client: { id: string }
    user: { id: string }
  }

  class Request {
    constructor(options: { headers: object; method: string; query: object })
  }
  class Response {}

  export default class OAuth2Server {
    static Request: typeof Request
    static Response: typeof Response
    constructor(options: { model: { getAccessToken(accessToken: string): Promise<Token | null> } })
    authenticate(request: Request, response: Response): Promise<Token>
  }
}
