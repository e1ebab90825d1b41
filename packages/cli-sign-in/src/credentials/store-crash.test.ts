import * as fc from "fast-check"
import { expect, test } from "vitest"
import { KeychainError } from "./keychain.ts"
import { createCredentialStore, type KeeperPreference } from "./store.ts"
import { digestOf, leftoversIn } from "./stored-content.ts"
import { type Around, fileInMemory, keychainInMemory } from "./testing.ts"

type Content = Record<string, unknown>
type Section = "default" | "work"

const SERVER = "https://auth.example.com"
const START = Date.parse("2026-11-23T22:05:00.000Z")
const MINUTE = 60_000

/** What happens at one operation of a command: the process ends before or after it has taken effect, or it fails. */
type Crash = { at: number; how: "killed before" | "killed after" | "fails before" | "fails after" }
type Step = { section: Section; crash: Crash | null } & (
  | { do: "save" | "clear" | "clear another" | "tidy" }
  | { do: "prefer"; keeper: KeeperPreference }
  | { do: "wait"; minutes: number }
)

const sectionOf = (name: Section) => (content: Content, create: boolean) => {
  if (name === "default") return content
  const profiles = content.profiles as Record<string, Content> | undefined
  if (profiles?.[name] === undefined && create) content.profiles = { [name]: {} }
  return (content.profiles as Record<string, Content> | undefined)?.[name] ?? null
}

/** A machine on which commands run one after the other, any of which may die. */
function machine() {
  let crash: Crash | null = null
  let died: PromiseWithResolvers<"died"> = Promise.withResolvers()
  let dead = false
  let count = 0
  const never = new Promise<never>(() => {})
  const around: Around = async (what, operation) => {
    if (dead) return never
    const how = crash !== null && count++ === crash.at ? crash.how : null
    const fail = () => {
      if (what.startsWith("keychain")) throw new KeychainError("silent", "it did not answer")
      throw new Error("disk full")
    }
    if (how === "fails before") fail()
    if (how !== "killed before") {
      const result = operation()
      if (how === "fails after" && what.startsWith("keychain")) fail()
      if (how !== "killed after") return result
    }
    dead = true
    died.resolve("died")
    return never
  }
  const { file, kept } = fileInMemory({ other: "stays" }, around)
  const { keychain, entries } = keychainInMemory(around)
  const clock = { now: START }
  const open = (section: Section) =>
    createCredentialStore({
      file,
      fileDescription: "the file",
      section: sectionOf(section),
      keychain,
      preference: (content) => (content.keeper ?? "auto") as KeeperPreference,
      now: () => clock.now,
    })
  /** What a process did that may have died over it. */
  const run = async <T>(plan: Crash | null, work: () => Promise<T>): Promise<T | "died" | Error> => {
    crash = plan
    count = 0
    dead = false
    died = Promise.withResolvers()
    const outcome = await Promise.race([work().catch((error: Error) => error), died.promise])
    // What a killed process had begun never goes on.
    crash = null
    if (outcome === "died") dead = true
    return outcome
  }
  const revive = () => {
    dead = false
  }
  return { open, run, revive, kept, entries, clock }
}

const pendingOf = (token: string) => ({
  handle: `handle of ${token}`,
  server: SERVER,
  expiresAt: null,
  since: "x",
})
const digestsOf = async (store: ReturnType<ReturnType<typeof machine>["open"]>) =>
  (await store.signIn())?.digest ?? null

/** Runs the steps and holds what must be true after each of them against what is there. */
async function hold(steps: readonly Step[]): Promise<void> {
  const { open, run, revive, kept, entries, clock } = machine()
  const sections: Section[] = ["default", "work"]
  const seen = new Map<Section, string>()
  const over = new Set<string>()
  let tokens = 0

  for (const step of steps) {
    const { section } = step
    const before = seen.get(section) ?? null
    const token = `token ${tokens++}`
    const note = { kind: "code" as const, id: token, server: SERVER, since: "x", codeVerifier: "v" }
    const outcome = await run(step.crash, async () => {
      const store = open(section)
      if (step.do === "save") {
        await store.noteUnfinishedSignIn({ ...note, code: "c", redirectUri: "r" })
        const supersedes = before === null ? {} : { supersedes: pendingOf(before) }
        const credential = { token, expiresAt: null, server: SERVER }
        return store.save(credential, { finishes: token, ...supersedes })
      }
      if (step.do === "clear") return store.clear(digestOf(before ?? ""), pendingOf(before ?? "nothing"))
      if (step.do === "clear another") return store.clear(digestOf("a token of long ago"))
      if (step.do === "tidy") return store.removeLeftovers()
      if (step.do === "wait") clock.now += step.minutes * MINUTE
      if (step.do === "prefer") {
        kept.content.keeper = step.keeper
        return store.relocate()
      }
      return null
    })
    revive()

    const isOver = outcome === "died" || outcome instanceof Error
    const there = await digestsOf(open(section))
    // All or nothing.
    const possible = step.do === "save" ? [before, token] : step.do === "clear" ? [before, null] : [before]
    const current = possible.find((one) => (one === null ? null : digestOf(one)) === there)
    expect(current, `${step.do}: neither as before nor as it should be`).not.toBeUndefined()
    if (!isOver && step.do === "save") expect(current).toBe(token)
    if (!isOver && step.do === "clear") expect(current ?? null).toBeNull()
    if (typeof current === "string") seen.set(section, current)
    else seen.delete(section)
    if (before !== null && current !== before) over.add(before)
    // The note goes in the step in which the token comes.
    if (step.do === "save") {
      const noted = (await open(section).unfinishedSignIns()).some(({ id }) => id === token)
      if (current === token) expect(noted).toBe(false)
      else if (entries.size > 0 && [...entries.values()].includes(token)) expect(noted).toBe(true)
    }
    // No session is forgotten.
    const handles = new Set((await open(section).pendingRevocations()).map(({ handle }) => handle))
    for (const ended of over) expect(handles).toContain(pendingOf(ended).handle)
    // Whoever is signed in can use it.
    for (const one of sections) {
      const loaded = await open(one).load()
      expect(loaded === null ? null : loaded.token).toBe(seen.get(one) ?? null)
    }
    // Nothing is in the keychain that nobody knows of.
    const named = new Set(leftoversIn(kept.content).map(({ entry }) => entry))
    for (const name of referredTo(kept.content)) named.add(name)
    for (const entry of entries.keys()) expect(named).toContain(entry)
    expect(kept.content.other).toBe("stays")
  }

  clock.now += 2 * MINUTE
  expect(await open("default").removeLeftovers()).toBe(true)
  expect(leftoversIn(kept.content)).toEqual([])
  expect(new Set(entries.keys())).toEqual(new Set(referredTo(kept.content)))
}

function referredTo(content: Content): string[] {
  return [content, sectionOf("work")(content, false)].flatMap((section) => {
    const kept = section?.auth_token_keychain as { entry: string } | undefined
    return kept === undefined ? [] : [kept.entry]
  })
}

const crash = fc.option(
  fc.record({
    at: fc.nat({ max: 9 }),
    how: fc.constantFrom<Crash["how"]>("killed before", "killed after", "fails before", "fails after"),
  }),
  { nil: null, freq: 3 },
)
const step: fc.Arbitrary<Step> = fc
  .tuple(
    fc.constantFrom<Section>("default", "work"),
    crash,
    fc.oneof(
      { arbitrary: fc.constant({ do: "save" as const }), weight: 4 },
      { arbitrary: fc.constantFrom({ do: "clear" as const }, { do: "clear another" as const }), weight: 3 },
      { arbitrary: fc.constant({ do: "tidy" as const }), weight: 1 },
      {
        arbitrary: fc.record({
          do: fc.constant("prefer" as const),
          keeper: fc.constantFrom<KeeperPreference>("auto", "keychain", "file"),
        }),
        weight: 2,
      },
      {
        arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.integer({ min: 0, max: 2 }) }),
        weight: 1,
      },
    ),
  )
  .map(([section, crash, what]) => ({ section, crash, ...what }))

test("whatever dies or fails at whichever step: signed in or not, no session forgotten, nothing unnamed in the keychain", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), hold), { numRuns: 400 })
}, 60_000)

test("every single place in which signing in, moving and signing out can die", async () => {
  for (const how of ["killed before", "killed after", "fails before", "fails after"] as const) {
    for (let at = 0; at < 12; at++) {
      const section = "default"
      const crash = { at, how }
      for (const dying of [
        { do: "save" as const },
        { do: "clear" as const },
        { do: "prefer" as const, keeper: "file" as const },
        { do: "prefer" as const, keeper: "auto" as const },
      ]) {
        await hold([
          ...(dying.do === "prefer" && dying.keeper === "auto"
            ? [{ do: "prefer" as const, keeper: "file" as const, section, crash: null } satisfies Step]
            : []),
          { do: "save", section, crash: null },
          { ...dying, section, crash },
          { do: "save", section, crash: null },
          { do: "clear", section, crash: null },
        ])
      }
    }
  }
})
