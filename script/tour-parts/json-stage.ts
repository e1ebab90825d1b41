import { join } from "node:path"
import { run } from "../../e2e/processes.ts"
import { commandNamed, type Schemas } from "./schemas.ts"
import { addressIn, type Stage } from "./stage.ts"
import type { World } from "./world.ts"

/** What one command line wrote, and what is wrong with it. */
export type Checked = { line: string; command: string; faults: string[]; stdout: string; stderr: string }

/** Takes the steps as a program does, with `--json`, and holds all that is written against the schemas. */
export function createJsonStage(
  world: World,
  schemas: Schemas,
  onStep: (heading: string) => void,
): Stage & { checked: Checked[] } {
  const checked: Checked[] = []
  return {
    checked,
    chapter() {},
    varies() {},
    async step(step) {
      await world.later()
      const { json = step.line } = step
      if (json === null) return { text: "" }
      onStep(step.heading)
      const line = json.replace(/(^|\| )alchemy(?= |$)/, "$1alchemy --json")
      const { PATH = "", ...env } = { ...world.env, ...step.env }
      const running = run("env", [`PATH=${PATH}`, "sh", "-c", line], {
        env,
        cwd: join(world.home, step.directory ?? ""),
      })
      if (step.person !== undefined) {
        const [said] = await running.shows(/"event":"(?:approval|device_code|waiting_for_approval)".*\n/)
        const seen = addressIn(said)
        if (seen === null) throw new Error(`no address in ${said}`)
        await world.decide(seen, step.person.decision, step.person.who)
      }
      const { code, stdout, stderr } = await running.finished
      const command = commandNamed(json)
      const faults = schemas.faultsOf(command, { stdout, stderr, code })
      const expected = step.jsonExit ?? step.exit ?? 0
      if (code !== expected) faults.push(`exited ${code}, not ${expected}`)
      checked.push({ line: json, command, faults, stdout, stderr })
      return { text: stdout + stderr }
    },
  }
}
