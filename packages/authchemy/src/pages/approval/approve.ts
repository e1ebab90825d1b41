import { DEVICE_PATH, type DeviceClaims, LOGIN_PATH, type OAUTH_PATHS, type Scope } from "@authchemy/protocol"
import { html } from "hono/html"
import { fact, isStated } from "../fact.ts"
import { networkKindOf } from "../network-kind.ts"
import type { Markup, Page } from "../page.ts"
import { networkInWords, placeOf } from "../place.ts"
import { ago } from "../time.ts"
import { accountFoot, accountFootInForm } from "./account-foot.ts"
import { type Comparison, compareBox } from "./compare.ts"
import { scopeList } from "./scopes.ts"

const MUST_MATCH = "It must match the one in your terminal."

/** A request for approval, through whichever of the three doors it came. */
export type ApprovalPage = {
  /** The door, and where the answer is posted: `decision` is `approve`, `deny` or, where `path` is `null`, `switch`. */
  action: typeof LOGIN_PATH | typeof OAUTH_PATHS.authorize | typeof DEVICE_PATH
  /** `builtIn`: the client that any program may come as; its name is empty where the door tells nothing of who comes. Other names are facts. */
  client: { name: string; builtIn: boolean }
  /** What the caller says of itself: claims, whoever the client is. */
  device: DeviceClaims
  addresses: {
    /** This browser's. */
    browser: string
    /** The program's own, where it has spoken to the server itself: a device, or a request that was pushed. */
    program: string | null
  }
  account: { email: string; name: string }
  /** The approval phrase, or `null` where the program sent no code challenge. */
  phrase: string | null
  /** What is asked for; not listed where empty. */
  scopes: readonly Scope[]
  /** The sealed request that the form carries. */
  request: string
  /** This page's own path and query, for the way back from another account; `null`: that is an answer to the form. */
  path: string | null
  /** At the device door: the code, `XXXX-XXXX`. */
  userCode?: string
  /**
   * When it began, and the present, both in milliseconds since the epoch. `began`: the program asked the server itself; `opened`: the address was
   * opened in this browser.
   */
  age: { what: "began" | "opened"; at: number; now: number }
  /** The host of the web site that the answer leads to, with Punycode in place of look-alike letters, as `URL` gives it. */
  destination?: string
}

/**
 * Asks the person to approve or deny. Code and phrase tie the page to a terminal; program, machine, system, address and age tell what
 * asks, also against those who send others their own links and codes (RFC 8628 §5.4).
 */
export function approvePage(page: ApprovalPage): Page {
  return {
    title: "Approve sign-in",
    content: html`<h1>Approve this sign-in?</h1>
<p class="lead">${page.client.builtIn ? "A command-line program asks to act as you." : html`<bdi>${page.client.name}</bdi> asks to act as you.`}</p>
${comparison(page)}
${facts(page)}
${page.scopes.length === 0 ? "" : scopeList(page.scopes)}
${page.destination === undefined ? "" : html`<p class="destination">You will be sent to <bdi>${page.destination}</bdi></p>`}
<form method="post" action="${page.action}">
<input type="hidden" name="request" value="${page.request}">
${page.action === DEVICE_PATH ? deviceQuestion() : question(page)}
<div class="choice">
<button type="submit" name="decision" value="deny" class="second">Deny</button>
<button type="submit" name="decision" value="approve">Approve</button>
</div>
${page.path === null ? accountFootInForm(page.account) : ""}
</form>
${page.path === null ? "" : accountFoot(page.account, page.path)}`,
  }
}

function comparison({ userCode, phrase, client, action }: ApprovalPage): Markup | "" {
  const comparisons: Comparison[] = []
  if (userCode !== undefined) {
    const both = phrase !== null && client.builtIn
    comparisons.push({ title: "Code", text: userCode, hint: both ? null : MUST_MATCH })
  }
  if (phrase !== null) {
    const mustMatch = userCode === undefined ? MUST_MATCH : "Both must match the ones in your terminal."
    const ifShown = "If your terminal shows a phrase, it must be this one."
    comparisons.push({ title: "Phrase", text: phrase, hint: client.builtIn ? mustMatch : ifShown })
  }
  if (comparisons.length > 0) return compareBox(comparisons)
  return action === LOGIN_PATH ? withoutPhrase() : ""
}

function withoutPhrase(): Markup {
  return html`<p class="warning"><strong>No phrase to compare.</strong> This program uses an older way to sign in, so this page cannot be matched with your terminal. Approve only if you started it a moment ago.</p>`
}

function facts(page: ApprovalPage): Markup {
  const { client, device } = page
  // What a command-line program leaves out is said; of a web site nobody expects a machine's name.
  const claim = (term: string, value: string | undefined) =>
    client.builtIn || isStated(value) ? fact(term, value) : ""
  return html`<dl class="facts">
${fact("Program", client.builtIn && isStated(device.client) ? device.client : program(page))}
${claim("Machine", device.name)}
${claim("System", device.os)}
${fact(page.age.what === "began" ? "Started" : "Opened", ago(page.age.at, page.age.now))}
${addressFacts(page.addresses)}
</dl>
${addressWarning(page.addresses)}`
}

function addressFacts({ browser, program }: ApprovalPage["addresses"]): Markup {
  if (program === null) return fact("Address", placeOf(browser))
  return html`${fact("Address", placeOf(program))}
${fact("Browser", browser === program ? "at the same address" : placeOf(browser))}`
}

/** Another kind of network is no proof of anything, but it is what somebody who sent a link from afar cannot hide. */
function addressWarning({ browser, program }: ApprovalPage["addresses"]): Markup | "" {
  if (program === null) return ""
  const [its, yours] = [networkKindOf(program), networkKindOf(browser)]
  if (its === yours || its === "unknown" || yours === "unknown") return ""
  return html`<p class="warning"><strong>This was not started where you are.</strong> The program is on ${networkInWords(its)}, and this browser on ${networkInWords(yours)}. Approve only if you know why.</p>`
}

function program({ client, device }: ApprovalPage): string | Markup {
  const claims = isStated(device.client) && device.client !== client.name
  if (!claims) return client.name
  return html`<bdi>${client.name}</bdi><span class="claim">calls itself <bdi>${device.client}</bdi></span>`
}

function question(page: ApprovalPage): Markup {
  return html`<h2>${page.action === LOGIN_PATH ? "Did you start this on your computer?" : "Did you start this?"}</h2>
<p class="hint">If you did not, or are not sure, choose Deny: nothing is shared.</p>`
}

function deviceQuestion(): Markup {
  return html`<h2>Did you start this?</h2>
<p class="warning"><strong>Somebody else may have sent you this link or code.</strong> Approve only if you started this yourself a moment ago. If you did not, or are not sure, choose Deny: nothing is shared.</p>`
}
