// What a command that only reads who is signed in needs, apart from the sign-in itself, so that it starts fast.
export type { Credential, CredentialStore, PendingRevocation } from "./credentials.ts"
export { createFileCredentials } from "./file.ts"
export { type JsonFile, openJsonFile } from "./json-file.ts"
