import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { EXIT_CODES } from "../errors.ts"
import { createProgram } from "../program/commander.ts"
import { NOBODY, signedInConfig, testMachine } from "../testing.ts"
import { agentPrompt } from "./agent-prompt.ts"

type CommandOfTree = ReturnType<typeof createProgram>

/** Every command that commander would run, found without the code that the document is made with. */
function commandsOf(command: CommandOfTree, path: string): string[] {
  const hidden = "_hidden" in command && command._hidden === true
  if (hidden) return []
  if (command.commands.length === 0) return [path]
  return command.commands.flatMap((below) => commandsOf(below, `${path} ${below.name()}`))
}

const program = () =>
  createProgram({
    dispatch: () => {},
    write: () => {},
    width: undefined,
    groupDefaults: true,
  })

test("every command of the tree is in it, with its arguments and flags", () => {
  const { commands } = agentPrompt()
  expect(commands.map(({ command }) => command)).toEqual(commandsOf(program(), "alchemy"))
  const byName = Object.fromEntries(commands.map((command) => [command.command, command]))
  expect(byName["alchemy auth login"]).toMatchObject({ sameAs: "alchemy auth", arguments: [] })
  expect(byName["alchemy auth login"]?.flags.map(({ flags }) => flags)).toContain("--complete <handle>")
  expect(byName["alchemy auth sessions list"]?.sameAs).toBe("alchemy auth sessions")
  expect(byName["alchemy auth status"]).not.toHaveProperty("sameAs")
  expect(byName["alchemy config set"]?.arguments).toEqual([
    { name: "key", required: true },
    { name: "value", required: false },
  ])
})

test("every global flag and every error code is in it", () => {
  const { globalFlags, errors } = agentPrompt()
  expect(globalFlags.map(({ flags }) => flags)).toEqual(program().options.map(({ flags }) => flags))
  expect(Object.fromEntries(errors.map(({ code, exitCode }) => [code, exitCode]))).toEqual(EXIT_CODES)
  for (const error of errors) {
    expect(error).toMatchObject({
      meaning: expect.any(String),
      whatToDo: expect.any(String),
      retryable: expect.any(Boolean),
    })
  }
})

test("every variable of ours that the sources read is in it, and no other", async () => {
  const sources = join(import.meta.dirname, "..")
  const read = new Set<string>()
  for (const name of await readdir(sources, { recursive: true })) {
    if (!name.endsWith(".ts") || /test/.test(name) || name.endsWith("agent-guide.ts")) continue
    const text = await readFile(join(sources, name), "utf8")
    for (const [variable] of text.matchAll(/\bALCHEMY_[A-Z_]+\b/g)) read.add(variable)
  }
  const named = agentPrompt().environment.flatMap(({ name }) => name.split(", "))
  expect(named.filter((name) => name.startsWith("ALCHEMY_")).toSorted()).toEqual([...read].toSorted())
})

test("every command that it tells to run is one that there is", async () => {
  const machine = await testMachine()
  const told = JSON.stringify(agentPrompt()).matchAll(/alchemy ([a-z-]+(?: [a-z-]+)*)/g)
  for (const [, words = ""] of told) {
    if (/^(config|apps|access-keys|auth)\b/.test(words) === false) continue
    const { code } = await machine.run([...words.split(" ").slice(0, 2), "--help"])
    expect({ words, code }).toEqual({ words, code: 0 })
  }
})

test("JSON in every case: spread out on a terminal, one line on a pipe; nothing is sent and nothing is read", async () => {
  const machine = await testMachine({
    config: { ...signedInConfig(NOBODY), pending_revocations: [{}] },
    context: {
      fetch: async () => {
        throw new Error("nothing is to be sent")
      },
    },
  })
  const piped = await machine.run(["agent-prompt"])
  expect(piped).toMatchObject({ code: 0, stderr: "" })
  expect(piped.stdout.trimEnd()).not.toContain("\n")
  const shown = await machine.run(["agent-prompt"], { tty: true, columns: 40 })
  expect(shown.stdout).toMatch(/^\{\n {2}"name": "alchemy"/)
  expect(shown.json).toEqual(piped.json)
  expect(piped.stdout).not.toContain("alchemy_at_")
})
