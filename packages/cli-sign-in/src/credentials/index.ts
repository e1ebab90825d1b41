// What a command that only reads who is signed in needs, apart from the sign-in itself, so that it starts fast.
export type {
  Credential,
  CredentialStore,
  Keeper,
  Kept,
  PendingRevocation,
  SavedWith,
  StoredSignIn,
} from "./credentials.ts"
export { type JsonFile, openJsonFile } from "./json-file.ts"
export { type Keychain, KeychainError, type KeychainProblem, systemKeychain } from "./keychain.ts"
export { createCredentialStore, type KeeperPreference } from "./store.ts"
export { digestOf, PENDING_KEYS, SIGN_IN_KEYS } from "./stored-content.ts"
export type { UnfinishedSignIn } from "./unfinished-sign-in.ts"
