import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import {
  children,
  commandTree,
  groupDefault,
  type Node,
  runnableCommands,
} from "../../packages/alchemy/src/command-tree.ts"
import { EXIT_CODES } from "../../packages/alchemy/src/errors.ts"

export const SCHEMA_DIRECTORY = resolve(import.meta.dirname, "../../docs/schema")

/** Where there are several forms, each has its reasons. */
const MOST_REASONS = 8

/** What a command wrote, and how it ended. */
export type Written = { stdout: string; stderr: string; code: number | null }

export type Schemas = {
  /** What is wrong with the output of a command, for example `auth status`; empty: nothing. */
  faultsOf(command: string, written: Written): string[]
  /** Whether there is a schema for a command. */
  has(command: string): boolean
}

/** The schemas of `docs/schema`. @throws Error where one of them is not valid */
export function loadSchemas(directory = SCHEMA_DIRECTORY): Schemas {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
  addFormats.default(ajv)
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"))
  for (const name of names) ajv.addSchema(JSON.parse(readFileSync(join(directory, name), "utf8")))
  for (const name of names) {
    if (ajv.getSchema(name) === undefined) throw new Error(`${name} does not bear its own name as $id`)
  }
  const check = (name: string, text: string): string[] => {
    const validate = ajv.getSchema(name)
    if (validate === undefined) return [`there is no ${name} for ${text.slice(0, 200)}`]
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return [`this is not JSON: ${text.slice(0, 200)}`]
    }
    if (validate(value)) return []
    const reasons = (validate.errors ?? []).slice(0, MOST_REASONS).map(reasonText)
    return [`${name} does not fit ${text.slice(0, 300).trimEnd()}: ${reasons.join("; ")}`]
  }
  return {
    has: (command) => names.includes(schemaName(command)),
    faultsOf(command, { stdout, stderr, code }) {
      const lines = stderr.split("\n").filter((line) => line !== "")
      const last = lines.at(-1)
      const error = last !== undefined && isError(last) ? last : undefined
      const faults = lines.flatMap((line) => check(line === error ? "error.json" : "event.json", line))
      if (error !== undefined) {
        if (stdout !== "") faults.push("there is an error, and a result as well")
        if (EXIT_CODES[codeOf(error) as keyof typeof EXIT_CODES] !== code)
          faults.push(`exited ${code} with ${error}`)
        return faults
      }
      if (!/^[^\n]+\n$/.test(stdout)) return [...faults, `stdout is not one line: ${stdout.slice(0, 200)}`]
      return [...faults, ...check(schemaName(command), stdout)]
    },
  }
}

const schemaName = (command: string) => `${command.replaceAll(" ", "-")}.json`

/** Every command that can be run, without `alchemy`: `auth status`. */
export function everyCommand(): string[] {
  return runnableCommands(commandTree()).map(({ path }) => path.join(" "))
}

/** The command that a line names: `auth login` for `alchemy auth --device`. */
export function commandNamed(line: string): string {
  const [, rest = ""] = /(?:^|\| )alchemy(?: (.*))?$/.exec(line) ?? []
  let node: Node = commandTree()
  for (const word of rest.split(" ")) {
    const below = children(node).find(({ command }) => command.name() === word)
    if (below === undefined) break
    node = below
  }
  const path = (groupDefault(node) ?? node).path.join(" ")
  // `alchemy --json` alone says what `alchemy agent-prompt` says.
  return path === "" ? (/--version|-V/.test(rest) ? "version" : "agent-prompt") : path
}

function isError(line: string): boolean {
  return line.startsWith('{"error":')
}

function codeOf(line: string): string {
  return (JSON.parse(line) as { error: { code: string } }).error.code
}

function reasonText({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath || "the whole"} ${message} ${JSON.stringify(params)}`
}
