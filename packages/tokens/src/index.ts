export * from "./errors.ts"
export * from "./token-service.ts"
