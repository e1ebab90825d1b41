import { approvalPhraseOf, DEVICE_PATH, tidyUserCode, WIRE_ERRORS } from "@authchemy/protocol"
import { type DeviceRequest, type TokenService, UserCodeError, type UserCodeRefusal } from "@authchemy/tokens"
import type { Context, Handler } from "hono"
import * as v from "valibot"
import type { Accounts, BrowserSession } from "../accounts/accounts.ts"
import { ALCHEMY_CLI, type Client } from "../clients/client.ts"
import type { Clients } from "../clients/clients.ts"
import type { UserCodeLimits } from "../limits/user-code-limits.ts"
import type { ClientAddress } from "../middleware/client-address.ts"
import { readForm } from "../middleware/request-body.ts"
import type { AppEnv } from "../middleware/request-log.ts"
import { RequestRefused } from "../middleware/request-refused.ts"
import { requireSameOrigin } from "../middleware/same-origin.ts"
import { showPage } from "../middleware/show-page.ts"
import { approvePage } from "../pages/approval/approve.ts"
import { deviceCodePage, deviceDonePage } from "../pages/approval/device.ts"
import { tryAgainIn } from "../times-in-words.ts"
import { APPROVAL_LIFETIME_MS } from "./approval-request.ts"
import { createSeal, type Seal } from "./seal.ts"
import { isStillSignedIn } from "./still-signed-in.ts"

type DeviceDeps = {
  issuer: string
  accounts: Accounts
  clients: Clients
  tokens: TokenService
  deviceSeals: DeviceSeals
  userCodeLimits: UserCodeLimits
  clientAddress: ClientAddress
  now: () => number
}

/** What the forms of the device pages carry: that the code page was shown here, and which code the approval page is about. */
export type DeviceSeals = { code: Seal<object>; approval: Seal<{ userCode: string }> }

/**
 * @param secret the server's secret
 * @param now milliseconds since the epoch
 */
export function createDeviceSeals(secret: string, now: () => number): DeviceSeals {
  const lifetimeMs = APPROVAL_LIFETIME_MS
  return {
    code: createSeal({
      secret,
      purpose: "authchemy device code form",
      schema: v.object({}),
      lifetimeMs,
      now,
    }),
    approval: createSeal({
      secret,
      purpose: "authchemy device approval",
      schema: v.object({ userCode: v.string() }),
      lifetimeMs,
      now,
    }),
  }
}

/** `GET /device` (RFC 8628 §3.3): asks for the user code; one that came in the URL is shown and has to be confirmed (§5.4). Looks nothing up. */
export function showDevice(deps: DeviceDeps): Handler<AppEnv> {
  return async (c) => {
    const typed = c.req.query("user_code")
    const userCode = typed === undefined ? null : tidyUserCode(typed)
    const browser = await deps.accounts.browserSession(c.req.raw)
    if (browser === null) return c.redirect(deps.accounts.signInUrl(pathOf(userCode)), 303)
    const problem = typed !== undefined && userCode === null ? MALFORMED : null
    return showPage(c, renderCodePage(deps, browser, { userCode: userCode ?? "", problem }))
  }
}

/** `POST /device`: with `user_code`, asks for approval of what the code stands for; with `request` and `decision`, the person's answer. */
export function answerDevice(deps: DeviceDeps): Handler<AppEnv> {
  return async (c) => {
    requireSameOrigin(c.req.raw, deps.issuer)
    const form = await readForm(c.req.raw)
    const browser = await deps.accounts.browserSession(c.req.raw)
    const sealed = form.get("request")
    if (sealed !== undefined) return decide(c, deps, browser, sealed, form.get("decision"))
    if (browser === null) return c.redirect(deps.accounts.signInUrl(DEVICE_PATH), 303)
    if (deps.deviceSeals.code.open(form.get("form_token") ?? "", browser) === null) throw expiredPage()
    return claim(c, deps, browser, form.get("user_code") ?? "")
  }
}

async function claim(
  c: Context<AppEnv>,
  deps: DeviceDeps,
  browser: BrowserSession,
  typed: string,
): Promise<Response> {
  const again = (problem: string, status: 400 | 429) =>
    showPage(c, renderCodePage(deps, browser, { userCode: typed.slice(0, 64), problem, asksAnew: true }), {
      status,
    })
  const userCode = tidyUserCode(typed)
  if (userCode === null) return again(MALFORMED, 400)
  const admission = await deps.userCodeLimits.admitGuess(browser.account.id, deps.clientAddress(c))
  if (!admission.admitted) {
    c.header("Retry-After", String(admission.retryAfterSeconds))
    return again(`Too many wrong codes. ${tryAgainIn(admission.retryAfterSeconds)}`, 429)
  }
  try {
    const request = await deps.tokens.claimDevice(userCode, browser.account.id)
    const client = await deps.clients.find(request.clientId)
    if (client === null) throw new UserCodeError("unknown")
    await admission.giveBack()
    return showPage(c, renderApproval(c, deps, browser, { userCode, request, client }))
  } catch (error) {
    // A store out of reach, or a code that is merely late, was no guess.
    if (!(error instanceof UserCodeError && error.reason === "unknown")) await admission.giveBack()
    if (error instanceof UserCodeError) return again(PROBLEMS[error.reason], 400)
    throw error
  }
}

async function decide(
  c: Context<AppEnv>,
  deps: DeviceDeps,
  browser: BrowserSession | null,
  sealed: string,
  decision: string | undefined,
): Promise<Response> {
  const opened = browser === null ? null : deps.deviceSeals.approval.open(sealed, browser)
  if (browser === null || opened === null) throw expiredPage()
  const { userCode } = opened
  const accountId = browser.account.id
  if (decision !== "approve" && decision !== "deny" && decision !== "switch") {
    throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "decision must be approve, deny or switch.")
  }
  try {
    if (decision === "switch") {
      await deps.tokens.decideDevice(userCode, accountId, "release")
      for (const cookie of await deps.accounts.signOut(c.req.raw)) {
        c.header("Set-Cookie", cookie, { append: true })
      }
      return c.redirect(deps.accounts.signInUrl(pathOf(userCode)), 303)
    }
    const request = await deps.tokens.decideDevice(userCode, accountId, decision)
    if (decision === "approve" && !(await isStillSignedIn(deps.accounts, c.req.raw, browser))) {
      // The terminal is not to collect what a browser has approved that is not signed in any more.
      await deps.tokens.revokeSessions(accountId)
      throw expiredPage()
    }
    return showPage(
      c,
      deviceDonePage({
        decision: decision === "approve" ? "approved" : "denied",
        clientName: request.device.client ?? ALCHEMY_CLI.name,
        machine: request.device.name,
      }),
    )
  } catch (error) {
    if (!(error instanceof UserCodeError)) throw error
    return showPage(c, renderCodePage(deps, browser, { userCode: "", problem: PROBLEMS[error.reason] }), {
      status: 400,
    })
  }
}

function renderCodePage(
  deps: DeviceDeps,
  browser: BrowserSession,
  page: { userCode: string; problem: string | null; asksAnew?: boolean },
) {
  const { userCode, problem, asksAnew = false } = page
  return deviceCodePage({
    account: browser.account,
    userCode,
    formToken: deps.deviceSeals.code.seal({}, browser),
    problem,
    confirming: userCode !== "" && !asksAnew,
  })
}

function renderApproval(
  c: Context<AppEnv>,
  deps: DeviceDeps,
  browser: BrowserSession,
  { userCode, request, client }: { userCode: string; request: DeviceRequest; client: Client },
) {
  const builtIn = client === ALCHEMY_CLI
  const { device, address, codeChallenge, scopes, createdAt } = request
  return approvePage({
    action: DEVICE_PATH,
    client: { name: client.name, builtIn },
    ...{ device, scopes, userCode },
    addresses: { browser: deps.clientAddress(c), program: address },
    account: browser.account,
    phrase: codeChallenge === null ? null : approvalPhraseOf(codeChallenge),
    request: deps.deviceSeals.approval.seal({ userCode }, browser),
    path: null,
    age: { what: "began", at: createdAt, now: deps.now() },
  })
}

const MALFORMED = "A code has eight letters, for example BCDF-GHJK. Type the one that your terminal shows."

const PROBLEMS: Readonly<Record<UserCodeRefusal, string>> = {
  unknown: "No terminal waits with this code. Check each letter, or start again in your terminal.",
  expired: "This code has expired. Start again in your terminal to get a new one.",
  claimed: "Another account is deciding on this code already. Start again in your terminal to get a new one.",
  decided: "This code has been used already. Start again in your terminal to get a new one.",
}

function pathOf(userCode: string | null): string {
  return userCode === null ? DEVICE_PATH : `${DEVICE_PATH}?user_code=${userCode}`
}

function expiredPage(): RequestRefused {
  const sentence = "This page has expired, or was opened in another browser or account."
  return new RequestRefused(403, WIRE_ERRORS.forbidden, sentence)
}
