import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import Provider from "oidc-provider"
import type { Page } from "playwright-core"

/** A person as an upstream provider knows them. */
export type UpstreamPerson = { sub: string; email: string; email_verified: boolean; name: string }

/** An OpenID Connect provider of the tests' own, on loopback; its pages ask for a person's `sub` and take any password. */
export type Upstream = {
  issuer: string
  clientId: string
  clientSecret: string
  people: UpstreamPerson[]
  /** Whether it hangs up on a server that redeems a code. Tests set it. */
  hangsUp: boolean
  close(): Promise<void>
}

/**
 * @param options.callback this server's address that the browser is sent back to
 * @param options.port one to begin at later than others expect it; a free one where left out
 */
export async function startUpstream(options: {
  callback: string
  people: UpstreamPerson[]
  port?: number
}): Promise<Upstream> {
  const { callback, people } = options
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const [clientId, clientSecret] = ["authchemy", "a secret of the tests' own"]
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [callback] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, sub: string) => {
      const person = people.find((one) => one.sub === sub)
      return person === undefined ? undefined : { accountId: sub, claims: async () => person }
    },
    cookies: { keys: ["a key of the tests' own"] },
  })
  const answer = provider.callback()
  server.on("request", (request, response) => {
    if (upstream.hangsUp && request.url === "/token") request.socket.destroy()
    else void answer(request, response)
  })
  const upstream: Upstream = {
    ...{ issuer, clientId, clientSecret, people },
    hangsUp: false,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return upstream
}

/** Where a server wants the browser back from its provider of this id. */
export const callbackAt = (serverUrl: string, id: string) => `${serverUrl}/sign-in/providers/${id}/callback`

/** On the provider's own pages: says who one is, and agrees to what is asked. */
export async function agreeAtUpstream(page: Page, { sub }: UpstreamPerson): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(sub)
  await page.getByPlaceholder("and password").fill("any password")
  await page.getByRole("button", { name: "Sign-in" }).click()
  await page.getByRole("button", { name: "Continue" }).click()
}

/** On the provider's own pages: says no. */
export async function declineAtUpstream(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Cancel" }).click()
}
