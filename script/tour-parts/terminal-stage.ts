import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Placeholders } from "./placeholders.ts"
import { addressIn, type Stage, type Step } from "./stage.ts"
import type { Size, Terminals } from "./terminal.ts"
import type { World } from "./world.ts"

/** The one that sign-in listens on. */
const CALLBACK_PORT = 16_424
const USUAL_SIZE: Size = { columns: 80, rows: 24 }

/** Takes the steps in a terminal and writes them down as Markdown. */
export function createTerminalStage(
  world: World,
  terminals: Terminals,
  tour: { placeholders: Placeholders; varying: Set<string>; onStep: (heading: string) => void },
): Stage & { markdown(): string; faults: string[] } {
  const { placeholders, varying, onStep } = tour
  const written: string[] = []
  const faults: string[] = []
  return {
    faults,
    markdown: () => `${written.join("\n\n")}\n`,
    varies: (...values) => {
      for (const value of values) varying.add(value)
    },
    chapter: (title, says) => {
      written.push(`## ${title}`, says)
    },
    async step(step) {
      onStep(step.heading)
      await world.later()
      await untilFree(CALLBACK_PORT)
      const { size = USUAL_SIZE, exit = 0 } = step
      const screens: string[] = []
      const options = {
        env: { ...world.env, ...step.env },
        cwd: join(world.home, step.directory ?? ""),
        size,
      }
      const text = await terminals.run(step.line, options, async (screen) => {
        const show = async () => {
          screens.push(await screen.text())
        }
        if (step.acts !== undefined) await step.acts(screen, show)
        if (step.person !== undefined) {
          await screen.shows(/Ctrl-C stops|Waiting for the approval/)
          const seen = addressIn(await screen.text())
          if (seen === null) throw new Error(`no address on the screen:\n${await screen.text()}`)
          await world.decide(seen, step.person.decision, step.person.who)
        }
        if (step.afterwards !== undefined) await step.afterwards(screen, show)
        const code = await screen.ended()
        const end = await screen.text()
        if (code !== exit) faults.push(`${step.line} exited ${code}, not ${exit}:\n${end}`)
        screens.push(end)
        return end
      })
      const shown = stepText(step, size, screens, placeholders)
      if (step.unseen !== true) written.push(...shown)
      return { text }
    },
  }
}

/** Whoever holds the port would be named on the screen. Waits a minute for it. */
async function untilFree(port: number): Promise<void> {
  for (let looks = 0; looks < 120; looks++) {
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false))
      probe.listen(port, "127.0.0.1", () => resolve(true))
    })
    await new Promise((resolve) => probe.close(resolve))
    if (isFree) return
    await delay(500)
  }
  throw new Error(`port ${port}, which the tour shows, is in use`)
}

function stepText(step: Step, size: Size, screens: readonly string[], placeholders: Placeholders): string[] {
  const { heading, says, line, env = {}, directory, exit = 0, cut } = step
  const shown = (text: string) => placeholders.replace(text, size.columns)
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value.length > 40 ? "…" : value} `)
  const where = directory === undefined ? "" : `~/${directory} `
  const typed = shown(`${where}$ ${variables.join("")}${line}`).replaceAll("\n", "")
  const narrow = size.columns === USUAL_SIZE.columns ? "" : ` The terminal is ${size.columns} columns wide.`
  const blocks = screens.map((screen, index) => {
    const lines = shown(screen).split("\n")
    const kept = cut === undefined || lines.length <= cut.first + cut.last ? lines : shortened(lines, cut)
    return `\`\`\`console\n${index === 0 ? `${typed}\n` : ""}${kept.join("\n").trimEnd()}\n\`\`\``
  })
  return [`### ${heading}`, `${says}${narrow}`, ...blocks, ...(exit === 0 ? [] : [`Exit code ${exit}.`])]
}

function shortened(lines: readonly string[], cut: { first: number; last: number }): string[] {
  const left = lines.length - cut.first - cut.last
  return [...lines.slice(0, cut.first), `  … ${left} lines more …`, ...lines.slice(lines.length - cut.last)]
}
