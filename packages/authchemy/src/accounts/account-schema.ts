import type { BetterAuthOptions } from "better-auth"
import { twoFactor } from "better-auth/plugins/two-factor"

/** What accounts have beside Better Auth's own fields. */
export const USER_FIELDS = { disabledAt: { type: "date", required: false, input: false } } as const

/** The part of Better Auth's settings that decides which tables and columns it keeps: what `better-auth.ts` sets, for the migration of its tables. */
export const accountSchema: BetterAuthOptions = {
  user: { additionalFields: USER_FIELDS },
  plugins: [twoFactor()],
}
