import fc from "fast-check"
import { expect, test } from "vitest"
import { courses } from "./courses.ts"
import { faultsOf } from "./history.ts"
import { type Mutation, simulate } from "./simulated-world.ts"

/** Histories of each kind; more by an environment variable. */
const RUNS = Number(process.env.AUTHCHEMY_SIMULATED_HISTORIES ?? 400)
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

type World = { replicas: 0 | 1; mutation?: Mutation }

/** That a course of events goes well, whatever chance brings. */
const goesWell = ({ replicas, mutation }: World) =>
  fc.asyncProperty(courses({ restarts: replicas === 1 }), seeds, async (course, seed) => {
    const faults = faultsOf(await simulate({ course, seed, replicas, mutation }))
    if (faults.length > 0) throw new Error(faults.join("\n"))
  })

/** What is found to be wrong in as many histories; fast-check says the seed and the shortest course of a history that is. */
async function firstFault(mutation: Mutation): Promise<string> {
  const found = await fc.check(goesWell({ replicas: 1, mutation }), { numRuns: 3_000, endOnFailure: true })
  return found.failed ? String(found.errorInstance) : "none"
}

const ACCEPTED = /was accepted at node \d by a call that began .* after its end was acknowledged/

test("S46 S50 S52 no history of a store with a replica is wrong, whatever fails", async () => {
  await fc.assert(goesWell({ replicas: 1 }), { numRuns: RUNS })
}, 600_000)

test("S46 S50 S52 without a replica that is waited for, what a failover brought back is ended again", async () => {
  await fc.assert(goesWell({ replicas: 0 }), { numRuns: RUNS })
}, 600_000)

test("a revocation that waits for nobody is found out", async () => {
  const waitsForNobody: Mutation = {
    transport: (transport) => ({
      ...transport,
      append: async (items) => ({ ...(await transport.append(items)), followers: new Map() }),
    }),
  }
  expect(await firstFault(waitsForNobody)).toMatch(ACCEPTED)
}, 60_000)

test("a verifier that does not ask what was told while it read is found out", async () => {
  const forgetful: Mutation = { feed: (feed) => ({ ...feed, isForgotten: () => false }) }
  expect(await firstFault(forgetful)).toMatch(ACCEPTED)
}, 60_000)

test("a lease that is looked at now and then, and not at each use, is found out", async () => {
  const lookedAtByTimer: Mutation = {
    feed: (feed) => {
      let isCurrent = false
      const look = () => {
        isCurrent = feed.isCurrent()
        setTimeout(look, 10)
      }
      look()
      return { ...feed, isCurrent: () => isCurrent }
    },
  }
  expect(await firstFault(lookedAtByTimer)).toMatch(ACCEPTED)
}, 60_000)
