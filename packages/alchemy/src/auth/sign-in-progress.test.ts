import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { parseGlobalFlags } from "../flags.ts"
import { createReporter } from "../output/reporter.ts"
import { signInProgress } from "./sign-in-progress.ts"

function said(raw: Record<string, unknown>) {
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  const context = { stdin: stderr, stdout: stderr, stderr, env: { NO_COLOR: "1" } }
  const report = createReporter(context, parseGlobalFlags(raw, context))
  return {
    on: signInProgress({ report }, { asks: false, verbose: false }),
    text: () => String(stderr.read()),
  }
}

test.each([
  ["EADDRINUSE", "Port 16424 is in use; listening on 40000.\n"],
  ["EACCES", "Port 16424 may not be used; listening on 40000.\n"],
  ["EOTHER", "Port 16424 cannot be used (EOTHER); listening on 40000.\n"],
])("a port that fails with %s is explained in words", (fallback, text) => {
  const terminal = said({})
  terminal.on({ type: "listening", port: 40_000, preferredPort: 16_424, fallback })
  expect(terminal.text()).toBe(text)
})

test("a wait of less than a second is not told as 0 seconds", () => {
  const program = said({ json: true })
  program.on({ type: "approval", url: "http://localhost:1/login", phrase: "a-b-c-d", timeoutMs: 300 })
  expect(JSON.parse(program.text()).timeoutSeconds).toBe(1)
})
