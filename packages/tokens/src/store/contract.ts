import { afterAll, describe, expect, test } from "vitest"
import { clientContract } from "./contract/clients.ts"
import { codeContract } from "./contract/codes.ts"
import { deviceModelContract } from "./contract/device-model.ts"
import { deviceRaceContract } from "./contract/device-race.ts"
import { deviceContract } from "./contract/devices.ts"
import { eventContract } from "./contract/events.ts"
import { feedContract } from "./contract/feed.ts"
import { keptContract } from "./contract/kept.ts"
import { refreshContract } from "./contract/refresh.ts"
import { refreshModelContract } from "./contract/refresh-model.ts"
import { refreshRaceContract } from "./contract/refresh-race.ts"
import { replayContract } from "./contract/replay.ts"
import { sessionContract } from "./contract/sessions.ts"
import { openSetting } from "./contract/setting.ts"
import { voidedCodesContract } from "./contract/voided-codes.ts"
import type { TokenStore } from "./store.ts"

/**
 * What every store must do, races included. Run on each store by its own test file.
 * @param open opens a new connection to the same store each time it is called
 * @param options.modelRuns how many random histories are compared with each model
 */
export function describeTokenStore(
  name: string,
  open: () => Promise<TokenStore>,
  { modelRuns }: { modelRuns: number },
): void {
  describe(`token store: ${name}`, async () => {
    const setting = await openSetting(open)
    afterAll(setting.close)

    describe("codes", () => codeContract(setting))
    describe("codes that are void", () => voidedCodesContract(setting))
    describe("sessions", () => sessionContract(setting))
    describe("refresh tokens", () => refreshContract(setting))
    describe("replayed refresh tokens", () => replayContract(setting))
    describe("refresh tokens at once", () => refreshRaceContract(setting))
    describe("a client's sessions", () => clientContract(setting))
    describe("devices", () => deviceContract(setting))
    describe("devices at once", () => deviceRaceContract(setting))
    describe("the feed of revocations", () => feedContract(setting))
    describe("events", () => eventContract(setting))
    describe("kept texts", () => keptContract(setting))

    describe("models", () => {
      deviceModelContract(setting, modelRuns)
      refreshModelContract(setting, modelRuns)
    })

    test("the store says that it is ready", async () => {
      await expect(setting.tokens.ready()).resolves.toBeUndefined()
    })
  })
}
