import { createRemembered, type Forgetting } from "../remembered.ts"
import type { Account } from "./accounts.ts"
import type { BuiltInAccounts } from "./better-auth.ts"

/** Accounts that can be told of without waiting, where they are remembered. */
export type HeldAccounts = {
  /** The account of an id; `undefined` where `find` has to be asked. The same object, as long as it is remembered. */
  findHeld(accountId: string): Account | undefined
}

/** How many accounts are remembered: a few megabytes. */
const CAPACITY = 10_000

/**
 * The built-in accounts, of which those that are asked for again and again are told from memory. A disabled one is forgotten by every server before
 * `disable` resolves. Accounts of a host application are not for this: what changes there is announced to nobody.
 * @param forgetting of the token store that the servers share
 * @param monotonicNow milliseconds on a clock that never goes back
 */
export function rememberAccounts(
  accounts: BuiltInAccounts,
  forgetting: Forgetting,
  monotonicNow: () => number = () => performance.now(),
): BuiltInAccounts & HeldAccounts {
  const remembered = createRemembered<Account>({
    forgetting,
    kind: "account",
    capacity: CAPACITY,
    monotonicNow,
  })
  return {
    ...accounts,

    findHeld: remembered.held,

    find: async (accountId) =>
      remembered.held(accountId) ?? (await remembered.read(accountId, () => accounts.find(accountId))),

    disable: async (email) => {
      const account = await accounts.disable(email)
      if (account !== null) await forgetting.announce([`account:${account.id}`])
      return account
    },
  }
}
