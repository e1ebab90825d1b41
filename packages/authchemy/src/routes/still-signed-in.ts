import type { Accounts, BrowserSession } from "../accounts/accounts.ts"

/**
 * Whether a browser that was signed in when its request came still is, as the same account. Asked when something has been made that outlives the browser session, and
 * before it is handed over: what ends every session, such as a password that is reset, ends the browser sessions before it looks for the rest. What was made by
 * then it finds, and what was made later is found out here (S48).
 */
export async function isStillSignedIn(
  accounts: Pick<Accounts, "browserSession">,
  request: Request,
  { account }: BrowserSession,
): Promise<boolean> {
  return (await accounts.browserSession(request))?.account.id === account.id
}
