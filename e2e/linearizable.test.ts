import { afterAll, beforeAll, expect, test } from "vitest"
import { faultsOf } from "../packages/tokens/src/revocation/testing/history.ts"
import { type FaultyWorld, openFaultyWorld } from "./faulty-world.ts"
import { recordLoad } from "./recorded-load.ts"

const SECONDS = Number(process.env.AUTHCHEMY_TEST_HISTORY_SECONDS ?? 12)
const SEED = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 1_000_000)

let world: FaultyWorld
beforeAll(async () => {
  world = await openFaultyWorld({ seed: SEED, replicas: 0 })
})
afterAll(async () => {
  await world.close()
})

test(
  `S46 S52 three servers, two verifiers, one Redis, and all that can fail: no call that begins after a sign-out has been answered is accepted (seed ${SEED})`,
  async () => {
    const { history, faults } = await recordLoad(world, SECONDS * 1_000)
    const { calls, revocations } = history
    const count = (answer: string) => calls.filter((call) => call.answer === answer).length
    const acknowledged = revocations.filter(({ outcome }) => outcome === "acknowledged")
    console.log(
      `seed ${SEED}: ${calls.length} calls (${["accepted", "refused", "unavailable", "none"]
        .map((answer) => `${count(answer)} ${answer}`)
        .join(", ")}), ${revocations.length} sign-outs, ${acknowledged.length} of them acknowledged; ` +
        [...faults].map(([name, times]) => `${name} ${times}×`).join(", "),
    )
    expect(faultsOf(history)).toEqual([])
    // Were nothing acknowledged, or nobody accepted, all of the above would say nothing.
    expect(acknowledged.length).toBeGreaterThan(SECONDS)
    expect(count("accepted")).toBeGreaterThan(SECONDS * 20)
  },
  SECONDS * 1_000 + 60_000,
)
