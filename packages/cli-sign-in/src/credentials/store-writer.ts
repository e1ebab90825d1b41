import { setTimeout as delay } from "node:timers/promises"
import { revocationHandleOf } from "@authchemy/protocol"
import type { Credential, CredentialStore, Kept, SavedWith } from "./credentials.ts"
import { KeychainError } from "./keychain.ts"
import type { CredentialStoreOptions } from "./store.ts"
import {
  ACCOUNT,
  addLeftover,
  addPending,
  type Content,
  digestOf,
  EXPIRES_AT,
  IN_KEYCHAIN,
  keychainEntryIn,
  leftoversIn,
  listIn,
  PENDING,
  SERVER,
  SIGN_IN_KEYS,
  setOrDelete,
  storedSignInOf,
  TOKEN,
  textOf,
  UNFINISHED,
  withoutLeftovers,
  withoutUnfinished,
} from "./stored-content.ts"

/** How long a keychain is waited for that only has to be tidied, in milliseconds; what is not removed by then, a later call removes. */
export const TIDYING_WAIT_MS = 500
/** Far longer than it takes from naming an entry to the file that refers to it, in milliseconds. */
const UNTIL_LEFT_OVER_MS = 60_000

/** The writing half of a `CredentialStore`. */
export type StoreWriter = Pick<
  CredentialStore,
  | "check"
  | "save"
  | "clear"
  | "relocate"
  | "removeLeftovers"
  | "addPendingRevocation"
  | "forgetPendingRevocations"
  | "noteUnfinishedSignIn"
  | "forgetUnfinishedSignIn"
>

/** @param options.load the reading half's */
export function createStoreWriter(
  options: CredentialStoreOptions & Pick<CredentialStore, "load">,
): StoreWriter {
  const { file, keychain = null, alsoClear = [], now = Date.now, load } = options
  const { section = (content: Content) => content, preference = () => "auto" as const } = options

  const moment = (inMs: number) => new Date(now() + inMs).toISOString()

  /**
   * One that did not answer may have taken a secret all the same, and what was removed too early may be there now. The moment
   * tells it from what is being removed already.
   */
  const mayBeLeft = (entry: string, content: Content) => addLeftover(content, { entry, notBefore: moment(0) })

  /**
   * Puts a secret into the keychain under a new name. It is named in the file before it is there, so that whoever finds us
   * killed knows what to remove. @throws KeychainError
   */
  const intoKeychain = async (secret: string): Promise<string> => {
    if (keychain === null) throw new KeychainError("absent", "there is none on this system")
    const entry = crypto.randomUUID()
    const notBefore = moment(UNTIL_LEFT_OVER_MS)
    await file.update((content) => addLeftover(content, { entry, notBefore }))
    try {
      await keychain.write(entry, secret)
      return entry
    } catch (error) {
      await file.update((content) => {
        if (error instanceof KeychainError && error.problem === "absent") {
          withoutLeftovers(content, new Set([entry]))
        } else mayBeLeft(entry, content)
      })
      throw error
    }
  }

  /** Removes what is of no use in the keychain any more, and returns what is left. Never throws. */
  const sweep = async (): Promise<ReadonlySet<string>> => {
    const left = new Set<string>()
    try {
      const isDue = ({ notBefore = "" }: { notBefore?: string }) => !(Date.parse(notBefore) > now())
      const due = leftoversIn(await file.read()).filter(isDue)
      for (const { entry } of due) left.add(entry)
      if (keychain === null || due.length === 0) return left
      if (due.some(({ notBefore }) => notBefore !== undefined)) {
        // Whoever is slow in writing one is told by this that it goes.
        await file.update((content) => {
          const named = new Set(leftoversIn(content).map(({ entry }) => entry))
          for (const { entry } of due)
            if (named.has(entry)) addLeftover(content, { entry })
            else left.delete(entry)
        })
      }
      const gone = new Set<string>()
      for (const entry of [...left]) {
        const problem = await keychain.remove(entry).then(
          () => null,
          (error: unknown) => error,
        )
        if (problem === null) gone.add(entry)
        // Each of the others would take as long.
        else if (!(problem instanceof KeychainError) || problem.problem !== "refused") break
      }
      if (gone.size > 0) await file.update((content) => strikeOut(gone, content))
      for (const entry of gone) left.delete(entry)
    } catch {
      // They are named still.
    }
    return left
  }

  /** The same, for so long at most. `null`: it is not done yet. */
  const sweepWithin = async (waitMs: number): Promise<ReadonlySet<string> | null> => {
    const ended = new AbortController()
    const limit = delay(waitMs, null, { signal: ended.signal, ref: false }).catch(() => null)
    const left = await Promise.race([sweep(), limit])
    ended.abort()
    return left
  }

  /** @param onlyOver the digest that has to be stored still; `null` comes back where it is not */
  const save = async (credential: Credential, more: SavedWith, onlyOver?: string): Promise<Kept | null> => {
    const wanted = preference(await file.read())
    let problem: KeychainError | undefined
    let entry: string | null = null
    if (wanted !== "file") {
      entry = await intoKeychain(credential.token).catch((error: unknown) => {
        if (wanted === "keychain" || !(error instanceof KeychainError)) throw error
        problem = error
        return null
      })
    }
    let isSaved = true
    await file.update((content) => {
      isSaved = onlyOver === undefined || digestIn(section(content, false)) === onlyOver
      if (entry !== null && (!isSaved || isGoing(entry, content))) {
        mayBeLeft(entry, content)
        if (isSaved) problem = new KeychainError("silent", "it took too long")
        entry = null
      }
      if (problem !== undefined && wanted === "keychain") isSaved = false
      if (!isSaved) return
      const target = section(content, true) ?? content
      const previous = keychainEntryIn(target)
      for (const key of SIGN_IN_KEYS) delete target[key]
      const { token, expiresAt, server } = credential
      if (entry === null) target[TOKEN] = token
      else {
        withoutLeftovers(content, new Set([entry]))
        target[IN_KEYCHAIN] = { entry, digest: digestOf(token), handle: revocationHandleOf(token) }
      }
      setOrDelete(target, EXPIRES_AT, expiresAt)
      setOrDelete(target, SERVER, server)
      setOrDelete(target, ACCOUNT, more.account ?? null)
      if (more.supersedes !== undefined) addPending(content, more.supersedes)
      if (more.finishes !== undefined) withoutUnfinished(content, more.finishes)
      if (previous !== null) addLeftover(content, { entry: previous.entry })
    })
    // One that has just failed is not asked again.
    if (problem === undefined) await sweepWithin(TIDYING_WAIT_MS)
    else if (wanted === "keychain") throw problem
    if (!isSaved) return null
    return {
      in: entry === null ? "file" : "keychain",
      ...(problem === undefined ? {} : { keychain: problem }),
    }
  }

  const relocate = async (): Promise<Kept | null> => {
    const content = await file.read()
    const stored = storedSignInOf(section(content, false) ?? {})
    if (stored === null) return null
    const wanted = preference(content)
    const stays = stored.keptIn === "file" ? wanted === "file" : wanted !== "file"
    if (stays) return { in: stored.keptIn }
    const credential = await load()
    if (credential === null) return null
    const moved = await save(
      credential,
      stored.account === null ? {} : { account: stored.account },
      digestOf(credential.token),
    )
    return moved ?? relocate()
  }

  return {
    check: async () => {
      if (preference(await file.read()) !== "keychain") return
      // One that is locked finds nothing, and says so only to whoever writes.
      const entry = await intoKeychain("check")
      await file.update((content) => addLeftover(content, { entry }))
      await sweepWithin(TIDYING_WAIT_MS)
    },

    save: async (credential, more = {}) => (await save(credential, more)) ?? { in: "file" },

    clear: async (digest, pending, waitMs = TIDYING_WAIT_MS) => {
      let entry: string | null = null
      await file.update((content) => {
        const target = section(content, false)
        if (target !== null && digestIn(target) === digest) {
          entry = keychainEntryIn(target)?.entry ?? null
          for (const key of [...SIGN_IN_KEYS, ...alsoClear]) delete target[key]
          if (entry !== null) addLeftover(content, { entry })
        }
        if (pending !== undefined) addPending(content, pending)
      })
      const left = await sweepWithin(entry === null ? Math.min(waitMs, TIDYING_WAIT_MS) : waitMs)
      return entry === null || (left !== null && !left.has(entry))
    },

    relocate,
    removeLeftovers: async () => (await sweep()).size === 0,

    addPendingRevocation: (pending) => file.update((content) => addPending(content, pending)),
    forgetPendingRevocations: (handles) =>
      file.update((content) => {
        const left = listIn(content[PENDING]).filter((entry) => !handles.includes(textOf(entry, "handle")))
        setOrDelete(content, PENDING, left.length === 0 ? null : left)
      }),

    noteUnfinishedSignIn: (unfinished) =>
      file.update((content) => {
        withoutUnfinished(content, unfinished.id)
        content[UNFINISHED] = [...listIn(content[UNFINISHED]), unfinished]
      }),
    forgetUnfinishedSignIn: async (id) => {
      await file.update((content) => withoutUnfinished(content, id))
      await sweepWithin(TIDYING_WAIT_MS)
    },
  }
}

function digestIn(target: Content | null): string | undefined {
  return target === null ? undefined : storedSignInOf(target)?.digest
}

/** Forgets entries that have gone, unless somebody has named one anew since. */
function strikeOut(gone: ReadonlySet<string>, content: Content): void {
  const struck = leftoversIn(content).filter(
    ({ entry, notBefore }) => notBefore === undefined && gone.has(entry),
  )
  withoutLeftovers(content, new Set(struck.map(({ entry }) => entry)))
}

/** Whether somebody has begun to remove an entry, or has. */
function isGoing(entry: string, content: Content): boolean {
  const leftover = leftoversIn(content).find((one) => one.entry === entry)
  return leftover?.notBefore === undefined
}
