export {
  type ApiVerifier,
  type ApiVerifierStats,
  createVerifier,
  type HttpVerifierOptions,
  type RedisVerifierOptions,
} from "./create-verifier.ts"
export * from "./errors.ts"
export type { EndedSession, EndReason, TokenEvent } from "./events.ts"
export { AuthorizationServerError } from "./http/authorization-server-error.ts"
export { isLoopbackRedirectUri, isRegisteredRedirectUri, redirectUriProblem } from "./redirect-uri.ts"
export { openStore } from "./store/open.ts"
export type { TokenStore } from "./store/store.ts"
export { digestOf, mintToken, parseToken, type TokenKind, tagOf } from "./token-format.ts"
export * from "./token-service.ts"
export type { Verifications, Verifier } from "./verifier.ts"
