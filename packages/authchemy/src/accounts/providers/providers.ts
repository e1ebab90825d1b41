import type { Configuration } from "openid-client"
import * as v from "valibot"
import type { Account, BrowserSession } from "../accounts.ts"
import { createBoundCookies } from "../bound-cookie.ts"
import { type Providers, ProviderUnavailableError, type Visit } from "../built-in.ts"
import { CHANGED_MEANWHILE, refusal } from "../refusals.ts"
import type { AccountParts } from "../shared-parts.ts"
import type { SignUpPolicy } from "../sign-up-policy.ts"
import { providersOf, waysToSignIn } from "../ways-to-sign-in.ts"
import { createConnections } from "./connections.ts"
import { describeFault, faultOf } from "./faults.ts"
import { createIdentities, type Identity } from "./identities.ts"
import type { ProviderSettings } from "./provider-settings.ts"
import type { TakeOver } from "./take-over.ts"

/** How long a browser has to come back from the provider, in milliseconds. */
const ATTEMPT_MS = 10 * 60 * 1000
/** How long one request to a provider may take. */
const REQUEST_SECONDS = 5

const Attempt = v.object({
  provider: v.string(),
  nonce: v.string(),
  verifier: v.string(),
  returnTo: v.string(),
  /** Where the provider is to be linked: to whom, in which browser session. */
  linking: v.nullable(v.object({ accountId: v.string(), sessionId: v.string() })),
})
type Attempt = v.InferOutput<typeof Attempt>

/**
 * Upstream OpenID Connect providers: the code flow with PKCE, state and nonce (OpenID Connect Core 1.0 §3.1, RFC 9700 §2.1), on openid-client. A second factor that somebody
 * has turned on here is asked for beside the password only: the provider has its own.
 * @param options.createAccount makes an account without a password whose email counts as verified, and records it. @throws AccountError
 * @param options.requestSeconds how long one request to a provider may take; five seconds where left out
 */
export function createProviders(
  parts: AccountParts,
  options: {
    settings: readonly ProviderSettings[]
    signUpPolicy: SignUpPolicy
    createAccount: (account: { email: string; name: string }) => Promise<Account>
    takeOver: TakeOver
    fetch: typeof globalThis.fetch
    requestSeconds?: number
  },
): Providers {
  const { settings, fetch, requestSeconds = REQUEST_SECONDS } = options
  const { database, audit, accountChanges, browserSessions, logger } = parts
  const attempts = createBoundCookies({
    ...parts,
    purpose: "provider",
    schema: Attempt,
    lifetimeMs: ATTEMPT_MS,
  })
  const connections = createConnections({ ...parts, fetch, requestSeconds })
  const identities = createIdentities({ ...parts, ...options })
  const providerOf = (id: string) => settings.find((provider) => provider.id === id)
  const callbackOf = ({ id }: ProviderSettings) => `${parts.issuer}/sign-in/providers/${id}/callback`

  /** Signs the browser in, whoever the provider says it is. */
  const signIn = async (provider: ProviderSettings, identity: Identity, visit: Visit) => {
    const failed = (accountId: string | null, reason: string) => recordFailure(provider, accountId, reason)
    const resolution = await identities.resolve(provider, identity)
    if (!resolution.ok) {
      failed(resolution.accountId, resolution.reason)
      return refusal("form", resolution.message)
    }
    const { accountId } = resolution
    if (resolution.linked) await tellOfLink(provider, accountId, visit)
    const opened = await browserSessions.open(accountId, visit)
    if (!opened.ok) {
      failed(accountId, "account_refused")
      return opened
    }
    if (!(await identities.belongs(provider, identity.subject, accountId))) {
      // It was removed meanwhile, and what that ended may not have seen the session of this moment.
      await browserSessions.endAll(accountId, null)
      failed(accountId, "removed_meanwhile")
      return refusal("form", `${provider.name} was removed from this account. Sign in another way.`)
    }
    const details = { method: "provider", provider: provider.id }
    audit.record({ type: "sign_in.succeeded", accountId, details })
    return { ok: true, step: "signed_in", setCookies: opened.setCookies } as const
  }

  const link = async (
    provider: ProviderSettings,
    identity: Identity,
    browser: BrowserSession | null,
    linking: NonNullable<Attempt["linking"]>,
    visit: Visit,
  ) => {
    if (browser?.account.id !== linking.accountId || browser.sessionId !== linking.sessionId) {
      return refusal(
        "form",
        `You are not signed in as you were when you went to ${provider.name}. Try again.`,
      )
    }
    const resolution = await identities.link(provider, identity, browser)
    if (!resolution.ok) return refusal("form", resolution.message)
    if (resolution.linked) {
      const takeAway = async () => void (await identities.unlink(provider, browser.account.id))
      if (!(await accountChanges.stays(browser, visit, takeAway))) return refusal("form", CHANGED_MEANWHILE)
      await tellOfLink(provider, browser.account.id, visit)
    }
    return { ok: true, step: "signed_in", setCookies: [] } as const
  }

  const tellOfLink = async (provider: ProviderSettings, accountId: string, visit: Visit) => {
    audit.record({ type: "provider.linked", accountId, details: { provider: provider.id } })
    const account = await database
      .selectFrom("user")
      .select(["id", "email", "name"])
      .where("id", "=", accountId)
      .executeTakeFirst()
    if (account !== undefined) {
      accountChanges.notify(account, "provider_linked", visit)
    }
  }

  const recordFailure = (provider: ProviderSettings, accountId: string | null, reason: string) =>
    audit.record({
      type: "sign_in.failed",
      accountId,
      details: { method: "provider", provider: provider.id, reason },
    })

  return {
    list: settings.map(({ id, name }) => ({ id, name })),

    confirmLinking: (browser, form, visit) => accountChanges.confirm(browser, form.password, visit),

    async begin(id, { returnTo, browser }) {
      const provider = providerOf(id)
      if (provider === undefined) return null
      const connection = await connections.to(provider)
      const client = await import("openid-client")
      const [state, nonce, verifier] = [
        client.randomState(),
        client.randomNonce(),
        client.randomPKCECodeVerifier(),
      ]
      const url = client.buildAuthorizationUrl(connection, {
        redirect_uri: callbackOf(provider),
        scope: provider.scopes.join(" "),
        ...{ state, nonce },
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      })
      const linking =
        browser === null ? null : { accountId: browser.account.id, sessionId: browser.sessionId }
      const cookie = await attempts.begin({ provider: id, nonce, verifier, returnTo, linking }, state)
      return { url: url.href, setCookies: [cookie] }
    },

    async complete(id, request, browser, visit) {
      const provider = providerOf(id)
      if (provider === undefined)
        return { ...refusal("form", "This server does not know this provider."), returnTo: "/" }
      const answer = new URL(request.url).searchParams
      const state = answer.get("state") ?? ""
      const attempt = await attempts.take(request, state)
      if (attempt === null || attempt.content.provider !== id) {
        recordFailure(provider, null, "attempt_over")
        const message = `The sign-in with ${provider.name} took too long, was done already, or began in another browser. Try again.`
        return { ...refusal("form", message), returnTo: attempt?.content.returnTo ?? "/" }
      }
      const { returnTo, linking, ...checks } = attempt.content
      const identity = await readAnswer(provider, answer, { ...checks, state })
      if (typeof identity === "string") return { ...refusal("form", identity), returnTo }
      const outcome =
        linking === null
          ? await signIn(provider, identity, visit)
          : await link(provider, identity, browser, linking, visit)
      if (!outcome.ok) return { ...outcome, returnTo }
      return { ...outcome, setCookies: [...outcome.setCookies, attempt.clearCookie], returnTo }
    },

    async unlink(browser, form, visit) {
      const { account } = browser
      const refused = await accountChanges.confirm(browser, form.password, visit)
      if (refused !== null) return refused
      const provider = providerOf(form.id)
      const linked = await providersOf(database, account.id, settings)
      if (provider === undefined || !linked.some(({ id }) => id === provider.id)) {
        return refusal("form", "This provider is not there any more.")
      }
      if ((await waysToSignIn(database, account.id, settings)) <= 1) {
        return refusal(
          "form",
          `${provider.name} is the only way to sign in to this account. Set a password or add a passkey first.`,
        )
      }
      return accountChanges.removing(browser, visit, {
        remove: () => identities.unlink(provider, account.id, browser),
        made: () => {
          audit.record({
            type: "provider.unlinked",
            accountId: account.id,
            details: { provider: provider.id },
          })
          accountChanges.notify(account, "provider_unlinked", visit)
        },
      })
    },
  }

  /**
   * Redeems the code and checks all that the provider says. @returns who it is, or what the person is told
   * @throws ProviderUnavailableError
   */
  async function readAnswer(
    provider: ProviderSettings,
    answer: URLSearchParams,
    checks: { state: string; nonce: string; verifier: string },
  ): Promise<Identity | string> {
    const connection = await connections.to(provider)
    const url = new URL(callbackOf(provider))
    // The address is made of the issuer, not of the request, whose host is whatever a proxy makes of it.
    url.search = answer.toString()
    try {
      return await redeem(connection, url, checks)
    } catch (error) {
      const fault = faultOf(error)
      const secrets = [answer.get("code") ?? "", checks.verifier, checks.nonce, provider.clientSecret]
      const reason = describeFault(error, secrets)
      recordFailure(provider, null, fault)
      if (fault === "declined") {
        return `The sign-in with ${provider.name} was declined. Try again, or sign in another way.`
      }
      logger.warn({ provider: provider.id, reason }, `provider's answer ${fault}`)
      if (fault === "unavailable") throw new ProviderUnavailableError(provider.name, error)
      return `The answer of ${provider.name} cannot be trusted, so nothing has changed. Try again; where it goes on, tell whoever runs this server.`
    }
  }
}

/** @throws what openid-client throws */
async function redeem(
  connection: Configuration,
  url: URL,
  checks: { state: string; nonce: string; verifier: string },
): Promise<Identity> {
  const client = await import("openid-client")
  const answer = await client.authorizationCodeGrant(connection, url, {
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    pkceCodeVerifier: checks.verifier,
    idTokenExpected: true,
  })
  const claims = answer.claims()
  if (claims === undefined) throw new Error("the answer has no ID token")
  // Many providers tell the email at the userinfo endpoint only (OpenID Connect Core 1.0 §5.4).
  const more =
    claims.email === undefined && connection.serverMetadata().userinfo_endpoint !== undefined
      ? await client.fetchUserInfo(connection, answer.access_token, claims.sub)
      : claims
  return {
    subject: claims.sub,
    email: typeof more.email === "string" ? more.email : null,
    // A text that says "true" is no yes (OpenID Connect Core 1.0 §5.1: a boolean).
    emailVerified: more.email_verified === true,
    name: typeof more.name === "string" ? more.name : null,
  }
}
