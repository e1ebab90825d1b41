import { CHAPTERS } from "./chapters/chapters.ts"
import { type Checked, createJsonStage } from "./json-stage.ts"
import { createPlaceholders } from "./placeholders.ts"
import { loadSchemas } from "./schemas.ts"
import { openTerminals } from "./terminal.ts"
import { createTerminalStage } from "./terminal-stage.ts"
import { createWorld } from "./world.ts"

const PREFACE = `# A tour of the command

Every command of \`alchemy\`, run against a real server in a real terminal of 80 × 24 characters. \`script/tour\` writes this file, \`script/tour --check\` says
whether it is still true. Ids, tokens, codes, ports and the words of an approval are others each time; here they are made up,
and a secret in a variable is left out. The machine's name and its clock are
those of the tour, the rest is as it was on the screen. The person who approves is a program that fills in the pages.`

/** Runs all steps in a terminal. @returns docs/tour.md, and the steps that did not end as they should */
export async function tourInTerminal(
  onStep: (heading: string) => void,
): Promise<{ markdown: string; faults: string[] }> {
  const world = await createWorld()
  const terminals = openTerminals(world.directory)
  try {
    const varying = new Set<string>()
    const placeholders = createPlaceholders({ home: world.home, ids: () => [...varying] })
    const stage = createTerminalStage(world, terminals, { placeholders, varying, onStep })
    try {
      for (const chapter of CHAPTERS) await chapter(stage, world)
    } catch (error) {
      stage.faults.push(`The tour ended before its end: ${error instanceof Error ? error.stack : error}`)
    }
    return { markdown: `${PREFACE}\n\n${stage.markdown()}`, faults: stage.faults }
  } finally {
    await terminals.close()
    await world.remove()
  }
}

/** Runs all steps with `--json`. @returns what each wrote, and what is wrong with it */
export async function checkJson(onStep: (heading: string) => void): Promise<Checked[]> {
  const schemas = loadSchemas()
  const world = await createWorld()
  try {
    const stage = createJsonStage(world, schemas, onStep)
    for (const chapter of CHAPTERS) await chapter(stage, world)
    return stage.checked
  } finally {
    await world.remove()
  }
}
