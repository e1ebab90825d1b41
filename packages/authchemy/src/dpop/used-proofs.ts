import type { TokenService } from "@authchemy/tokens"

/** Remembers the proofs that have been used, in the token store, so that every server knows them: `useOnce` of `createDpopVerifier`. */
export function usedProofs(
  tokens: Pick<TokenService, "keep">,
): (key: string, expiresAt: number) => Promise<boolean> {
  return (key, expiresAt) => tokens.keep(`dpop proof ${key}`, "", expiresAt)
}
