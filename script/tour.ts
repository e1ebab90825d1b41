// Runs every command of `alchemy` for real. Without flags it writes docs/tour.md, what a person sees; --check compares with it; --json holds what programs get
// against docs/schema.
import { mkdtemp, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { checkJson, tourInTerminal } from "./tour-parts/tours.ts"

const path = resolve(import.meta.dirname, "../docs/tour.md")
const onStep = process.argv.includes("--quiet") ? () => {} : (heading: string) => console.error(heading)

if (process.argv.includes("--json")) {
  const faulty = (await checkJson(onStep)).filter(({ faults }) => faults.length > 0)
  for (const { line, faults, stdout, stderr } of faulty) {
    console.error(`\n$ ${line}\n${faults.join("\n")}\n${stdout}${stderr}`)
  }
  process.exitCode = faulty.length === 0 ? 0 : 1
} else {
  const { markdown, faults } = await tourInTerminal(onStep)
  for (const fault of faults) console.error(`\n${fault}`)
  const differs = process.argv.includes("--check") && markdown !== (await readFile(path, "utf8"))
  const target = differs ? join(await mkdtemp(join(tmpdir(), "authchemy-tour-")), "tour.md") : path
  await writeFile(target, markdown)
  if (differs) console.error(`docs/tour.md is not what the commands show now: diff docs/tour.md ${target}`)
  process.exitCode = differs || faults.length > 0 ? 1 : 0
}
