import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createRandom } from "../packages/tokens/src/revocation/testing/random.ts"
import { createKilledMachine, type KilledMachine, listedIn } from "./killed-machine.ts"
import { type Ready, SCENARIOS, type Scenario } from "./killed-scenarios.ts"
import type { Finished } from "./processes.ts"

const MACHINES = 4
/** Long enough for one try of all that is pending. What it does not come to stays listed. */
const TRIED_ONCE_MS = 500
/** Kills at a random moment, for each scenario. */
const MOMENTS = 13

/**
 * When the command is killed. At a step: while its request is held and never arrives, or arrives all the same; while its answer is
 * held; a while after it has its answer. Else at a moment, as a share of the time that it takes when nobody kills it.
 */
type Kill =
  | { step: string; when: "request lost" | "request arrives" | "answer lost" }
  | { step: string; when: "answered"; afterMs: number }
  | { moment: number }
type Task = { scenario: Scenario; kill: Kill }

const seed = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 2 ** 31)
const random = createRandom(seed)

const machines: KilledMachine[] = []
beforeAll(async () => {
  const made = Array.from({ length: MACHINES }, (_, index) => createKilledMachine(`killed-${index}`))
  machines.push(...(await Promise.all(made)))
})
afterAll(() => Promise.all(machines.map((machine) => machine.remove())))

/** Does each task on the next machine that is free. */
async function onAllMachines<T>(
  tasks: readonly T[],
  work: (task: T, machine: KilledMachine) => Promise<void>,
) {
  const waiting = tasks.values()
  await Promise.all(
    machines.map(async (machine) => {
      for (const task of waiting) await work(task, machine)
    }),
  )
}

test("S58 killed at any step of signing in and out, no session is left that is neither stored nor listed", async () => {
  const spans = new Map<Scenario, number>()
  await onAllMachines(SCENARIOS, async (scenario, machine) => {
    const ready = await scenario.prepare(machine)
    const { finished, ms } = await start(scenario, ready, machine)
    expect(await finished, scenario.name).toMatchObject({ code: 0 })
    spans.set(scenario, ms())
  })

  const tasks: Task[] = SCENARIOS.flatMap((scenario) => killsOf(scenario).map((kill) => ({ scenario, kill })))
  const count = { kills: 0, stored: 0, listed: 0, nothing: 0, ended: 0 }
  const faults: string[] = []
  await onAllMachines(tasks, async ({ scenario, kill }, machine) => {
    const named = `${scenario.name}, ${JSON.stringify(kill)}`
    let ready = await scenario.prepare(machine)
    let end = await killed(scenario, kill, ready, machine, spans.get(scenario) ?? 0)
    // The machine has become faster than it was: again, with what it takes now.
    for (let tries = 0; "moment" in kill && end.signal === null && tries < 3; tries++) {
      spans.set(scenario, end.ms)
      ready = await scenario.prepare(machine)
      end = await killed(scenario, kill, ready, machine, end.ms)
    }
    if (end.signal === "SIGKILL") count.kills++
    const found = await inspected(scenario, ready, machine).catch((error: unknown) => ({
      fault: String(error),
    }))
    if ("fault" in found) faults.push(`${named}: ${found.fault}`)
    else {
      count[found.left]++
      count.ended += found.ended
    }
  })
  console.info(
    `${count.kills} kills (seed ${seed}). Right after: ${count.stored} stored, ${count.listed} listed, ${count.nothing} nothing. Sessions that later commands ended: ${count.ended}.`,
  )
  expect(faults, `seed ${seed}`).toEqual([])
  expect(count.kills).toBeGreaterThanOrEqual(200)
}, 300_000)

function killsOf(scenario: Scenario): Kill[] {
  const atSteps = scenario.steps.flatMap((step): Kill[] => [
    ...(["request lost", "request arrives", "answer lost"] as const).map((when) => ({ step, when })),
    ...[0, 0, 10, 40].map((most) => ({ step, when: "answered" as const, afterMs: random.next() * most })),
  ])
  const atMoments = Array.from({ length: MOMENTS }, (_, index) => ({
    moment: (index + random.next()) / MOMENTS,
  }))
  return [...atSteps, ...atMoments]
}

/** A scenario's command under way, with the person who does their part. */
function start(scenario: Scenario, ready: Ready, machine: KilledMachine) {
  machine.proxy.outOfReach = scenario.outOfReach === true
  const began = performance.now()
  let ended = began
  const command = machine.alchemy.start(...ready.argv)
  const person = scenario.person?.(machine, command).catch(() => {})
  const finished = command.finished.then(async (end) => {
    ended = performance.now()
    await person
    machine.proxy.outOfReach = false
    return end
  })
  return { command, finished, ms: () => ended - began }
}

async function killed(
  scenario: Scenario,
  kill: Kill,
  ready: Ready,
  machine: KilledMachine,
  spanMs: number,
): Promise<Finished> {
  const { proxy } = machine
  const what = "step" in kill && kill.when.startsWith("request") ? "request" : "answer"
  const holding = "step" in kill ? proxy.hold(kill.step, what) : null
  const { command, finished } = start(scenario, ready, machine)
  const end = () => {
    command.child.kill("SIGKILL")
    return finished
  }
  if (holding === null || "moment" in kill) {
    await Promise.race([sleep("moment" in kill ? kill.moment * spanMs : 0), finished])
    return end()
  }
  const held = await Promise.race([holding, finished.then(() => null)])
  if (held === null) throw new Error(`${scenario.name} ended before ${kill.step}`)
  if (kill.when === "answered") {
    await held.pass()
    if (kill.afterMs > 0) await sleep(kill.afterMs)
    return end()
  }
  command.child.kill("SIGKILL")
  await command.finished
  if (kill.when === "request arrives") await held.pass()
  else held.drop()
  return finished
}

/** What a killed command has left, and what the next commands make of it. Throws where S58 does not hold. */
async function inspected(scenario: Scenario, { before }: Ready, machine: KilledMachine) {
  const { alchemy } = machine
  const first = machine.config()
  const atFirst = (await machine.sessions()).length
  const left = first?.auth_token ? "stored" : listed(first) > 0 ? "listed" : "nothing"

  if (listed(first) > 0) {
    const status = await prompt(alchemy.run("auth", "status", "--json"))
    expect([0, 3]).toContain(status.code)
    const said = JSON.parse(status.stdout)
    expect(said.pendingRevocations.length + said.unfinishedSignIns.length).toBeLessThanOrEqual(listed(first))
  }
  if (machine.leftovers().length > 0) {
    expect(await prompt(alchemy.run("config", "set", "network", "eth-mainnet"))).toMatchObject({ code: 0 })
    expect(machine.leftovers().filter((file) => file.includes(".tmp-"))).toEqual([])
  }
  await delivered(machine)
  for (const file of machine.leftovers()) {
    expect(readFileSync(join(dirname(alchemy.configPath), file), "utf8"), file).not.toContain("alchemy_")
  }

  const config = machine.config()
  const { handles, unfinished } = listedIn(config)
  const honoured = await machine.sessions()
  for (const handle of handles) await machine.endBy(handle)
  const token = typeof config?.auth_token === "string" ? config.auth_token : null
  const own = token === null ? null : await machine.sessionOf(token)
  const others = (await machine.sessions()).filter((id) => id !== own)
  expect(others.length, "sessions that are neither stored nor listed").toBeLessThanOrEqual(unfinished.length)
  if (scenario.keeps === "the old") expect(token).toBe(before?.token)
  if (scenario.keeps !== undefined) expect(own, "the session of what is stored").not.toBeNull()
  return { left, ended: atFirst - honoured.length } as const
}

/**
 * Has all that is pending tried once. `auth deliver` would wait for what cannot be ended yet, so it is interrupted; where the machine is
 * slow that may cut a try off, and a code is tried again.
 */
async function delivered({ alchemy, config }: KilledMachine) {
  const isLeft = (tries: number) => (tries === 0 ? listed(config()) > 0 : hasCodes(config()))
  for (let tries = 0; tries < 3 && isLeft(tries); tries++) {
    const delivery = alchemy.start("auth", "deliver")
    await Promise.race([delivery.finished, sleep(TRIED_ONCE_MS)])
    delivery.child.kill("SIGINT")
    const { code, signal } = await delivery.finished
    // Interrupted before it had begun to listen for that, it ends by the signal.
    expect([0, 130, "SIGINT"]).toContain(code ?? signal)
  }
}

const hasCodes = (config: Record<string, unknown> | null) =>
  listedIn(config).unfinished.some(({ kind, lost }) => kind === "code" && !lost)

const listed = (config: Record<string, unknown> | null) => {
  const { handles, unfinished } = listedIn(config)
  return handles.length + unfinished.length
}

/** A command that a dead one's lock does not keep waiting. */
async function prompt(command: Promise<Finished>): Promise<Finished> {
  const finished = await command
  expect(finished.ms, "waited for a dead command's lock").toBeLessThan(8000)
  return finished
}
