import fc from "fast-check"
import { expect, test } from "vitest"
import type { TokenService } from "../../token-service.ts"
import { DEVICE_REQUEST, polling } from "./devices.ts"
import { type ContractSetting, outcomeOf, seconds } from "./setting.ts"

/** A device as RFC 8628 and the docstrings of the engine have it, written without the code under test. Times are milliseconds. */
type Device = {
  deviceCode: string
  userCode: string
  createdAt: number
  state: "waiting" | "claimed" | "approve" | "deny"
  account: string | null
  approvedAt: number
  redeemedAt: number | null
  interval: number
  polledAt: number | null
}
type Model = { devices: Device[] }
type Real = { service: () => TokenService; clock: { now: number } }
type DeviceCommand = fc.AsyncCommand<Model, Real>

const REFUSED = {
  unknown: "user_code_refused unknown",
  expired: "user_code_refused expired",
  claimed: "user_code_refused claimed",
  decided: "user_code_refused decided",
}

/** What a person is told who claims the device, which changes nothing. */
function judgedBy(account: string, device: Device, now: number): string {
  const age = now - device.createdAt
  if (age >= seconds(1200)) return REFUSED.unknown
  if (age >= seconds(600)) return REFUSED.expired
  if (device.account !== null && device.account !== account) return REFUSED.claimed
  return device.state === "waiting" || device.state === "claimed" ? "ok" : REFUSED.decided
}

function modelClaim(account: string, device: Device, now: number): string {
  const told = judgedBy(account, device, now)
  if (told === "ok") Object.assign(device, { state: "claimed", account })
  return told
}

function modelDecide(account: string, decision: Decision, device: Device, now: number): string {
  const told = modelClaim(account, device, now)
  if (told !== "ok") return told
  if (decision === "release") Object.assign(device, { state: "waiting", account: null })
  else Object.assign(device, { state: decision, approvedAt: now })
  return told
}

/** All that the device may be told: more than one answer only where a store may have forgotten a redeemed code, or not yet. */
function modelPoll(device: Device, now: number): string[] {
  const age = now - device.createdAt
  const tooSoon = device.polledAt !== null && now - device.polledAt < device.interval
  if (tooSoon) device.interval = Math.min(device.interval + seconds(5), seconds(60))
  device.polledAt = now
  if (age >= seconds(1200)) return ["invalid_grant unknown"]
  if (device.state === "deny") return ["access_denied"]
  if (device.state === "approve") {
    if (device.redeemedAt !== null) {
      const replayed = "invalid_grant replayed"
      return now < device.redeemedAt + seconds(600) ? [replayed] : [replayed, "expired_token"]
    }
    const redeemableUntil = Math.max(device.createdAt + seconds(600), device.approvedAt + seconds(120))
    if (now >= redeemableUntil) return ["expired_token"]
    device.redeemedAt = now
    return ["ok"]
  }
  if (age >= seconds(600)) return ["expired_token"]
  return [tooSoon ? "slow_down" : "authorization_pending"]
}

type Decision = "approve" | "deny" | "release"

const requestDevice: DeviceCommand = {
  check: () => true,
  run: async (model, { service, clock }) => {
    const { deviceCode, userCode } = await service().requestDevice(DEVICE_REQUEST)
    model.devices.push({
      ...{ deviceCode, userCode, createdAt: clock.now, state: "waiting", account: null },
      ...{ approvedAt: 0, redeemedAt: null, interval: seconds(5), polledAt: null },
    })
  },
  toString: () => "request",
}

/** A command on one of the devices that there are. */
function onDevice(
  name: string,
  which: number,
  run: (device: Device, real: Real, now: number) => Promise<void>,
): DeviceCommand {
  return {
    check: ({ devices }) => devices.length > 0,
    run: async ({ devices }, real) => {
      const device = devices[which % devices.length]
      if (device !== undefined) await run(device, real, real.clock.now)
    },
    toString: () => `${name} #${which}`,
  }
}

const claim = (which: number, account: string) =>
  onDevice(`claim by ${account}`, which, async (device, { service }, now) => {
    const told = await outcomeOf(service().claimDevice(device.userCode, account))
    expect(told).toBe(modelClaim(account, device, now))
  })

const decide = (which: number, account: string, decision: Decision) =>
  onDevice(`${decision} by ${account}`, which, async (device, { service }, now) => {
    const told = await outcomeOf(service().decideDevice(device.userCode, account, decision))
    expect(told).toBe(modelDecide(account, decision, device, now))
  })

const poll = (which: number) =>
  onDevice("poll", which, async (device, { service }, now) => {
    const polled = service().pollDevice({ ...polling(device.deviceCode), expiresInSeconds: 90 * 86_400 })
    const told = await outcomeOf(polled)
    expect(modelPoll(device, now)).toContain(told)
    if (told !== "ok") return
    const { token } = await polled
    expect((await service().verify(token))?.accountId).toBe(device.account)
  })

const advance = (ms: number): DeviceCommand => ({
  check: () => true,
  run: async (_model, { clock }) => {
    clock.now += ms
  },
  toString: () => `${ms} ms later`,
})

/** Random histories of devices, on a store and in the model: every answer is the same. */
export function deviceModelContract(setting: ContractSetting, runs: number): void {
  test("S35 S42 S43 S44 whatever happens in whatever order, a device is told what the model says", async () => {
    const { tokens, elsewhere, clock, newAccount } = setting
    const which = fc.nat({ max: 3 })
    const account = fc.constantFrom(newAccount(), newAccount())
    const decision = fc.constantFrom<Decision>("approve", "approve", "deny", "release")
    const shortTime = fc.constantFrom(1, 1000, 4999, 5000, 9999, 10_000, 59_999, 60_000, 119_999, 120_000)
    const longTime = fc.constantFrom(300_000, 479_999, 599_999, 600_000, 600_001, 1_200_000)
    let calls = 0
    const real = { service: () => (++calls % 2 === 0 ? tokens : elsewhere), clock }
    const commands = fc.commands(
      [
        fc.constant(requestDevice),
        fc.tuple(which, account).map(([at, by]) => claim(at, by)),
        fc.tuple(which, account, decision).map(([at, by, what]) => decide(at, by, what)),
        which.map(poll),
        which.map(poll),
        shortTime.map(advance),
        longTime.map(advance),
      ] as fc.Arbitrary<DeviceCommand>[],
      { maxCommands: 40, size: "max" },
    )
    await fc.assert(
      fc.asyncProperty(commands, (history) =>
        fc.asyncModelRun(() => ({ model: { devices: [] }, real }), history),
      ),
      { numRuns: runs },
    )
  }, 60_000)
}
