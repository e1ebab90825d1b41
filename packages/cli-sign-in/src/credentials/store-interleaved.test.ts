import * as fc from "fast-check"
import { expect, test } from "vitest"
import { createCredentialStore, type KeeperPreference } from "./store.ts"
import { digestOf, leftoversIn } from "./stored-content.ts"
import { type Around, fileInMemory, keychainInMemory } from "./testing.ts"

const START = Date.parse("2026-11-23T22:05:00.000Z")

/** What one process does. `wait`: the machine sleeps, whatever the others are in the middle of. */
type Command =
  | { do: "save" | "clear" | "load" | "tidy" }
  | { do: "prefer"; keeper: KeeperPreference }
  | { do: "wait"; minutes: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  { arbitrary: fc.constantFrom<Command>({ do: "save" }, { do: "tidy" }), weight: 6 },
  { arbitrary: fc.constantFrom<Command>({ do: "clear" }, { do: "load" }), weight: 3 },
  {
    arbitrary: fc.record({
      do: fc.constant("prefer" as const),
      keeper: fc.constantFrom<KeeperPreference>("auto", "file", "keychain"),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(1, 2) }), weight: 3 },
)

test("processes at once, their steps in whatever order: whoever is signed in can use it, and nothing is left", async () => {
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(fc.array(command, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
    async (scheduler, processes) => {
      const around: Around = async (what, operation) => {
        await scheduler.schedule(Promise.resolve(), what)
        return operation()
      }
      const { file, kept } = fileInMemory({}, around)
      const { keychain, entries } = keychainInMemory(around)
      const clock = { now: START }
      const open = () =>
        createCredentialStore({
          file,
          fileDescription: "the file",
          keychain,
          preference: (content) => (content.keeper ?? "auto") as KeeperPreference,
          now: () => clock.now,
        })
      let tokens = 0
      const run = async (commands: Command[]) => {
        const store = open()
        for (const one of commands) {
          if (one.do === "save") {
            const saving = store.save({ token: `token ${tokens++}`, expiresAt: null, server: null })
            // One that has slept too long may find that it may be kept nowhere.
            await saving.catch((error) => expect(error).toMatchObject({ problem: "silent" }))
          }
          if (one.do === "clear") await store.clear((await store.signIn())?.digest ?? "")
          if (one.do === "load") await store.load()
          if (one.do === "tidy") await store.removeLeftovers()
          if (one.do === "wait") clock.now += one.minutes * 60_000
          if (one.do === "prefer") {
            await file.update((content) => {
              content.keeper = one.keeper
            })
            await store.relocate().catch((error) => expect(error).toMatchObject({ problem: "silent" }))
          }
        }
      }
      const done = Promise.all(processes.map(run))
      await scheduler.waitFor(done)

      clock.now += 3 * 60_000
      const calm = <T>(work: Promise<T>) => scheduler.waitFor(work)
      expect(await calm(open().removeLeftovers())).toBe(true)
      expect(leftoversIn(kept.content)).toEqual([])
      const { entry } = (kept.content.auth_token_keychain ?? {}) as { entry?: string }
      expect([...entries.keys()]).toEqual(entry === undefined ? [] : [entry])
      const signIn = await calm(open().signIn())
      const loaded = await calm(open().load())
      expect(loaded === null ? null : digestOf(loaded.token)).toBe(signIn?.digest ?? null)
    },
  )
  await fc.assert(property, { numRuns: 1500 })
}, 60_000)
