import { expect, test } from "vitest"
import { testMachine } from "../testing.ts"
import { command } from "./completions.ts"

test("command lines become options", () => {
  expect(command.parse(["zsh"], {})).toEqual({ shell: "zsh" })
  expect(command.parse(["Fish"], {})).toEqual({ shell: "fish" })
})

test.each(["bash", "zsh", "fish"])("%s: the script, on a pipe too; --json has it as data", async (shell) => {
  const machine = await testMachine()
  const { code, stdout, stderr } = await machine.run(["completions", shell])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(stdout).toContain(`alchemy completions ${shell}`)
  expect(stdout).toContain("command alchemy complete -- ")
  const lines = stdout.split("\n").filter((line) => !line.startsWith("#"))
  expect(lines.join("\n")).not.toMatch(/\beval\b|compgen|\\\$/)
  expect((await machine.run(["completions", shell], { tty: true, columns: 40 })).stdout).toBe(stdout)
  expect((await machine.run(["completions", shell, "--json"])).json).toEqual({ shell, script: stdout })
})

test.each(["powershell", "", "\u001b[31m"])("there are none for %j", async (shell) => {
  const machine = await testMachine()
  const { code, error } = await machine.run(["completions", shell])
  expect({ code, error: error.code, hint: error.hint }).toEqual({
    code: 2,
    error: "INVALID_ARGS",
    hint: "The shells are: bash, zsh, fish.",
  })
})
