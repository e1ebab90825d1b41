import { createRemembered, type Forgetting } from "../remembered.ts"
import type { Account, AccountRecord } from "./accounts.ts"
import type { BuiltInAccounts } from "./built-in.ts"

/** Accounts that can be told of without waiting, where they are remembered. */
export type HeldAccounts = {
  /** The account of an id; `undefined` where `find` has to be asked. The same object, as long as it is remembered. */
  findHeld(accountId: string): Account | undefined
}

/** How many accounts are remembered: a few megabytes. */
const CAPACITY = 10_000

/**
 * The built-in accounts, of which those that are asked for again and again are told from memory. One that is disabled or enabled is forgotten by every
 * server before that resolves. Accounts of a host application are not for this: what changes there is announced to nobody.
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
  const announced = async (account: AccountRecord | null) => {
    if (account !== null) await forgetting.announce([`account:${account.id}`])
    return account
  }
  return {
    ...accounts,

    findHeld: remembered.held,

    find: async (accountId) =>
      remembered.held(accountId) ?? (await remembered.read(accountId, () => accounts.find(accountId))),

    administration: {
      ...accounts.administration,
      disable: async (email) => announced(await accounts.administration.disable(email)),
      enable: async (email) => announced(await accounts.administration.enable(email)),
    },
  }
}
