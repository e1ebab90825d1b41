import type { Credential, CredentialStore, Keeper } from "./credentials.ts"
import type { JsonFile } from "./json-file.ts"
import { type Keychain, KeychainError } from "./keychain.ts"
import type { StoreWriter } from "./store-writer.ts"
import {
  type Content,
  digestOf,
  EXPIRES_AT,
  isPendingRevocation,
  keychainEntryIn,
  listIn,
  PENDING,
  SERVER,
  storedSignInOf,
  TOKEN,
  textOrNull,
  UNFINISHED,
} from "./stored-content.ts"
import { unfinishedSignInsIn } from "./unfinished-sign-in.ts"

/** `auto`: in the keychain where there is one that works, else in the file. */
export type KeeperPreference = "auto" | Keeper

export type CredentialStoreOptions = {
  file: JsonFile
  fileDescription: string
  /** Where in the file the sign-in stands; the file's own object where left out. With `create` it is made where it is missing, else `null` says so. */
  section?: (content: Content, create: boolean) => Content | null
  /** `null`: there is none. */
  keychain?: Keychain | null
  /** What the file's content says of where the token is to be kept. */
  preference?: (content: Content) => KeeperPreference
  /** Keys of the section that belong to the account and are erased together with the credential. */
  alsoClear?: readonly string[]
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** How often a token is looked for that another process moves at the same time. */
const MOST_LOOKS = 5

/**
 * A credential store in a JSON file, and for the token in a keychain where there is one. The file decides: what it does not
 * name is not there, whatever the keychain holds. A file of an older client, which holds the token alone, loads as it is.
 */
export function createCredentialStore(options: CredentialStoreOptions): CredentialStore {
  const { file, fileDescription, keychain = null } = options
  const { section = (content: Content) => content } = options
  const sectionNow = async () => section(await file.read(), false) ?? {}

  const load = async (): Promise<Credential | null> => {
    let asked = ""
    for (let looks = 0; ; looks++) {
      const target = await sectionNow()
      const expiresAt = textOrNull(target[EXPIRES_AT])
      const server = textOrNull(target[SERVER])
      const token = textOrNull(target[TOKEN])
      if (token !== null) return { token, expiresAt, server }
      const kept = keychainEntryIn(target)
      if (kept === null) return null
      if (kept.entry === asked || looks >= MOST_LOOKS) {
        throw new KeychainError("missing", "it has no entry for this sign-in any more")
      }
      if (keychain === null) throw new KeychainError("absent", "there is none on this system")
      const secret = await keychain.read(kept.entry)
      if (secret !== null && digestOf(secret) === kept.digest) return { token: secret, expiresAt, server }
      // Another process may have put it elsewhere since.
      asked = kept.entry
    }
  }

  // Most commands only read: what writes is loaded when it is needed.
  let writing: Promise<StoreWriter> | undefined
  const writer = () => {
    writing ??= import("./store-writer.ts").then(({ createStoreWriter }) =>
      createStoreWriter({ ...options, load }),
    )
    return writing
  }

  return {
    descriptionOf: (keeper) => (keeper === "file" ? fileDescription : (keychain?.name ?? "keychain")),
    load,
    signIn: async () => storedSignInOf(await sectionNow()),
    check: async () => (await writer()).check(),
    save: async (credential, more) => (await writer()).save(credential, more),
    clear: async (digest, pending, waitMs) => (await writer()).clear(digest, pending, waitMs),
    relocate: async () => (await writer()).relocate(),
    removeLeftovers: async () => (await writer()).removeLeftovers(),

    pendingRevocations: async () => listIn((await file.read())[PENDING]).filter(isPendingRevocation),
    addPendingRevocation: async (pending) => (await writer()).addPendingRevocation(pending),
    forgetPendingRevocations: async (handles) => (await writer()).forgetPendingRevocations(handles),

    unfinishedSignIns: async () => unfinishedSignInsIn(listIn((await file.read())[UNFINISHED])),
    noteUnfinishedSignIn: async (unfinished) => (await writer()).noteUnfinishedSignIn(unfinished),
    forgetUnfinishedSignIn: async (id) => (await writer()).forgetUnfinishedSignIn(id),
  }
}
