import { PassThrough } from "node:stream"
import { SignInError, type SignInEvent } from "@authchemy/cli-sign-in"
import { expect, test } from "vitest"
import { parseGlobalFlags } from "../flags.ts"
import { createReporter } from "../output/reporter.ts"
import { type Flow, signInProgress } from "./sign-in-progress.ts"

const APPROVAL = {
  type: "approval",
  url: "http://localhost:1/login",
  phrase: "a-b-c-d",
  timeoutMs: 300_000,
} as const
const CODE = {
  type: "device-code",
  userCode: "WDJB-MJHT",
  verificationUri: "http://localhost:1/device",
  verificationUriComplete: "http://localhost:1/device?user_code=WDJB-MJHT",
  phrase: "a-b-c-d",
  timeoutMs: 300_000,
} as const
const ended = (flow: "browser" | "device", details = {}): SignInEvent => ({
  type: "flow-ended",
  flow,
  error: new SignInError("refused", "It is over.", { details }),
})

function said(raw: Record<string, unknown>, flow: Flow = "browser", verbose = false) {
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  const context = { stdin: stderr, stdout: stderr, stderr, env: { NO_COLOR: "1" } }
  const flags = parseGlobalFlags(raw, context)
  const report = createReporter(context, flags)
  return {
    on: signInProgress({ report, flags, stderr, env: context.env }, { flow, asks: false, verbose }),
    text: () => String(stderr.read() ?? ""),
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
  program.on({ ...APPROVAL, timeoutMs: 300 })
  expect(JSON.parse(program.text()).timeoutSeconds).toBe(1)
})

test("by code alone: the screen at once, with --quiet too", () => {
  const terminal = said({ quiet: true }, "device")
  terminal.on(CODE)
  const text = terminal.text()
  for (const part of ["█", CODE.verificationUri, CODE.userCode, CODE.phrase]) expect(text).toContain(part)
})

test("by code alone, for programs: one line that holds all", () => {
  const program = said({ json: true, quiet: true }, "device")
  program.on(CODE)
  expect(JSON.parse(program.text())).toEqual({
    event: "device_code",
    userCode: CODE.userCode,
    verificationUri: CODE.verificationUri,
    verificationUriComplete: CODE.verificationUriComplete,
    phrase: CODE.phrase,
    timeoutSeconds: 300,
  })
})

test.each([
  ["the address", [APPROVAL, CODE]],
  ["the code", [CODE, APPROVAL]],
])("both at once, %s first: one screen, once both are known", (_, [first, second]) => {
  const terminal = said({}, "either")
  if (first) terminal.on(first)
  expect(terminal.text()).toBe("")
  if (second) terminal.on(second)
  const text = terminal.text()
  for (const part of [APPROVAL.url, CODE.verificationUri, CODE.userCode]) expect(text).toContain(part)
  expect(text.split(CODE.phrase)).toHaveLength(2)
})

test("both at once, for programs: each as soon as it is known", () => {
  const program = said({ json: true }, "either")
  program.on(CODE)
  expect(JSON.parse(program.text()).event).toBe("device_code")
  program.on(APPROVAL)
  expect(JSON.parse(program.text()).event).toBe("approval")
})

test.each([
  ["before the address", [ended("device", { unsupported: true }), APPROVAL]],
  ["after the address", [APPROVAL, ended("device", { unsupported: true })]],
])("a server without a device flow, known %s: the browser's screen, and no word of it", (_, events) => {
  const [terminal, browser] = [said({}, "either"), said({}, "browser")]
  for (const event of events) terminal.on(event)
  browser.on(APPROVAL)
  expect(terminal.text()).toBe(browser.text())
})

test("with --verbose the missing device flow is said", () => {
  const terminal = said({}, "either", true)
  terminal.on(ended("device", { unsupported: true }))
  expect(terminal.text()).toContain("· It is over.")
})

test("a code that could not be had is said, and the browser's screen follows", () => {
  const terminal = said({}, "either")
  terminal.on(APPROVAL)
  terminal.on(ended("device"))
  const text = terminal.text()
  expect(text).toMatch(/^! There is no code for another device: It is over\.\nOpen this address/)
})

test("no port: the screen of the code alone", () => {
  const [terminal, device] = [said({}, "either"), said({}, "device")]
  terminal.on(ended("browser"))
  terminal.on(CODE)
  device.on(CODE)
  expect(terminal.text()).toBe(device.text())
})

test.each([
  ["device", "! It is over. The address above still works.\n"],
  ["browser", "! It is over. The code above still works.\n"],
] as const)("a %s flow that ends once it is shown is said, and what still works", (flow, warning) => {
  const terminal = said({}, "either")
  terminal.on(APPROVAL)
  terminal.on(CODE)
  terminal.text()
  terminal.on(ended(flow))
  expect(terminal.text()).toBe(warning)
})

test("the end of one flow, for programs", () => {
  const program = said({ json: true }, "either")
  program.on(APPROVAL)
  program.text()
  program.on(ended("device"))
  expect(JSON.parse(program.text())).toEqual({
    event: "flow_ended",
    flow: "device",
    code: "refused",
    message: "It is over.",
  })
})

test("a dumb terminal and a pipe get no QR code", () => {
  for (const [isTTY, TERM] of [
    [true, "dumb"],
    [false, "xterm"],
  ] as const) {
    const stderr = Object.assign(new PassThrough(), { isTTY })
    const context = { stdin: stderr, stdout: { isTTY: true, write: () => {} }, stderr, env: { TERM } }
    const flags = parseGlobalFlags({}, context)
    const report = createReporter(context, flags)
    signInProgress({ ...context, report, flags }, { flow: "device", asks: false, verbose: false })(CODE)
    const text = String(stderr.read())
    expect(text).toContain(CODE.userCode)
    expect(text).not.toMatch(/[█▀▄]/)
  }
})
