import type { IssuedToken, Session, TokenService } from "@authchemy/tokens"
import type { Account, Accounts } from "../accounts/accounts.ts"
import type { Clients } from "../clients/clients.ts"

type IssuedDeps = { tokens: TokenService; accounts: Accounts; clients: Clients }

/**
 * The account of a session whose tokens were just issued. A session whose account cannot be told to its holder, or whose client is gone, has no
 * holder: it is ended.
 * @returns `null` where the account is gone or disabled, or the client was removed since the session began
 */
export async function findOrRevoke(deps: IssuedDeps, issued: IssuedToken): Promise<Account | null> {
  try {
    const account = await holderOf(deps, issued.session)
    if (account !== null) return account
  } catch (error) {
    await deps.tokens.revoke(issued.token)
    throw error
  }
  await deps.tokens.revoke(issued.token)
  return null
}

async function holderOf({ accounts, clients }: IssuedDeps, session: Session): Promise<Account | null> {
  const client = await clients.findOfSession(session)
  return client === null ? null : accounts.find(session.accountId)
}
