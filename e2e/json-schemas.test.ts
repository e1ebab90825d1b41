import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { ERROR_GUIDE } from "../packages/alchemy/src/errors.ts"
import type { Checked } from "../script/tour-parts/json-stage.ts"
import { commandNamed, everyCommand, loadSchemas, SCHEMA_DIRECTORY } from "../script/tour-parts/schemas.ts"
import { checkJson } from "../script/tour-parts/tours.ts"

const schemas = loadSchemas()
const written = (stdout: string, stderr = "", code = 0) => ({ stdout, stderr, code })
const version = '{"version":"0.1.0","node":"24.21.0"}\n'
const error = (fields: object) =>
  `${JSON.stringify({ error: { code: "NOT_FOUND", message: "No.", retryable: false, ...fields } })}\n`

describe("the schemas", () => {
  test("there is one for every command of the tree", () => {
    expect(everyCommand().length).toBeGreaterThan(30)
    expect(everyCommand().filter((command) => !schemas.has(command))).toEqual([])
  })

  test("the index names each of them", () => {
    const index = readFileSync(join(SCHEMA_DIRECTORY, "README.md"), "utf8")
    const names = readdirSync(SCHEMA_DIRECTORY).filter((name) => name.endsWith(".json"))
    expect(names.filter((name) => !index.includes(`[${name}](${name})`))).toEqual([])
  })

  test("they know every error code", () => {
    for (const code of Object.keys(ERROR_GUIDE)) {
      const faults = schemas.faultsOf("version", written("", error({ code }), 4))
      expect(faults.filter((fault) => fault.startsWith("error.json"))).toEqual([])
    }
  })

  test.each([
    ["a field that is not in it", written('{"version":"0.1.0","node":"24.21.0","more":1}\n'), /more/],
    ["a field that is missing", written('{"version":"0.1.0"}\n'), /node/],
    ["a value of another form", written('{"version":"new","node":"24.21.0"}\n'), /pattern/],
    ["text", written("alchemy 0.1.0\n"), /not JSON/],
    ["two lines", written(version + version), /not one line/],
    ["nothing", written(""), /not one line/],
    ["an event that is not known", written(version, '{"event":"news"}\n'), /event\.json/],
    ["a sentence between the events", written(version, "Please wait.\n"), /not JSON/],
    ["an error beside a result", written(version, error({}), 4), /a result as well/],
    ["an error with another exit code", written("", error({}), 3), /exited 3/],
    ["an error of another form", written("", error({ reason: "none" }), 4), /reason/],
  ])("they refuse %s", (_what, output, fault) => {
    expect(schemas.faultsOf("version", output).join("\n")).toMatch(fault)
  })

  test("they take what is right", () => {
    expect(
      schemas.faultsOf("version", written(version, '{"event":"warning","message":"Careful."}\n')),
    ).toEqual([])
    expect(schemas.faultsOf("version", written("", error({}), 4))).toEqual([])
  })

  test("a command that has none is a fault", () => {
    expect(schemas.faultsOf("apps paint", written("{}\n")).join("\n")).toContain(
      "there is no apps-paint.json",
    )
  })
})

test.each([
  ["alchemy auth --device", "auth login"],
  ["alchemy auth sessions", "auth sessions list"],
  ["alchemy auth sessions revoke abc --yes", "auth sessions revoke"],
  ["echo x | alchemy config set access-key -", "config set"],
  ["alchemy --version", "version"],
  ["alchemy", "agent-prompt"],
])("%s is the command %s", (line, command) => {
  expect(commandNamed(line)).toBe(command)
})

describe("the tour of the real command", () => {
  let checked: Checked[]
  beforeAll(async () => {
    checked = await checkJson(() => {})
  }, 300_000)

  test("all that it writes has a schema, and matches it", () => {
    const faulty = checked.filter(({ faults }) => faults.length > 0)
    expect(faulty.map(({ line, faults, stdout, stderr }) => ({ line, faults, stdout, stderr }))).toEqual([])
  })

  test("it runs every command", () => {
    const run = new Set(checked.map(({ command }) => command))
    expect(everyCommand().filter((command) => !run.has(command))).toEqual([])
  })

  test("no token is shown where none was asked for", () => {
    const telling = checked.filter(
      ({ command, stdout, stderr }) =>
        command !== "auth token" &&
        command !== "access-keys create" &&
        /alchemy_[a-z]{2}_[0-9A-Za-z]{20,}/.test(stdout + stderr),
    )
    expect(telling.map(({ line }) => line)).toEqual([])
  })
})
