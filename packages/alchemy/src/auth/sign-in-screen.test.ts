import { expect, test } from "vitest"
import { styleFor } from "../output/style.ts"
import { type Approval, approvalScreen, type DeviceCode, deviceScreen } from "./sign-in-screen.ts"

const APPROVAL: Approval = {
  type: "approval",
  url: `https://auth.example.com/login?${"x".repeat(300)}`,
  phrase: "amber-river-quilt-otter",
  timeoutMs: 300_000,
}
const CODE: DeviceCode = {
  type: "device-code",
  userCode: "WDJB-MJHT",
  verificationUri: "https://auth.alchemy.com/device",
  verificationUriComplete: "https://auth.alchemy.com/device?user_code=WDJB-MJHT",
  phrase: "amber-river-quilt-otter",
  timeoutMs: 300_000,
}

const style = (columns = 80, color = false) =>
  styleFor({ isTTY: true, columns }, { color, env: { TERM: "xterm-256color", VTE_VERSION: "7600" } })

/** The rows that a text takes on a terminal, and one for the cursor. */
const rowsOf = (text: string, columns: number) =>
  text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 1)

test.each([
  ["80 columns", 80],
  ["50 columns", 50],
  ["80 columns, beside the browser flow", 80, APPROVAL],
  ["50 columns, beside the browser flow", 50, APPROVAL],
])("%s: QR code, address, code, phrase and wait end up on 24 lines", (_, columns, approval?: Approval) => {
  const text = deviceScreen(CODE, approval ?? null, style(columns), { rows: 24 })
  const fromCode = text.slice(text.indexOf("█"))
  expect(rowsOf(fromCode, columns)).toBeLessThanOrEqual(24)
  const order = [
    "█",
    CODE.verificationUri,
    CODE.userCode,
    "Approve there only if",
    CODE.phrase,
    "at most 5 minutes",
  ]
  const places = order.map((part) => fromCode.indexOf(part))
  expect(places).toEqual(places.toSorted((one, other) => one - other))
  expect(places).not.toContain(-1)
  if (approval !== undefined) expect(text.indexOf(approval.url)).toBeLessThan(text.indexOf("█"))
})

test.each([
  ["too narrow", 30, { rows: 24 }, CODE],
  ["too low", 80, { rows: 20 }, CODE],
  ["not on this terminal", 80, null, CODE],
])("%s: no QR code, and all else", (_, columns, terminal, code) => {
  for (const approval of [null, APPROVAL]) {
    const text = deviceScreen(code, approval, style(columns), terminal)
    expect(text).not.toMatch(/[█▀▄]/)
    for (const part of [code.verificationUri, code.userCode, code.phrase]) expect(text).toContain(part)
    expect(text.includes(APPROVAL.url)).toBe(approval !== null)
  }
})

test("without a complete address the QR code holds the short one", () => {
  const { verificationUriComplete, ...short } = CODE
  const [one, other] = [CODE, short].map((code) => deviceScreen(code, null, style(), { rows: 24 }))
  expect(other).toMatch(/█/)
  expect(other).not.toBe(one)
})

test("with colours the code and the phrase are bold, and the address is a link", () => {
  const text = deviceScreen(CODE, null, style(80, true), null)
  expect(text).toContain(`\u001b[1m${CODE.userCode}\u001b[22m`)
  expect(text).toContain(`\u001b[1m${CODE.phrase}\u001b[22m`)
  expect(text).toContain(`\u001b]8;;${CODE.verificationUri}\u001b\\`)
})

test("the browser's screen shows address, phrase and wait, and Enter only where it does something", () => {
  const text = approvalScreen(APPROVAL, style(), false)
  for (const part of [APPROVAL.url, APPROVAL.phrase, "at most 5 minutes"]) expect(text).toContain(part)
  expect(text).not.toContain("Enter")
  expect(approvalScreen(APPROVAL, style(), true)).toContain("Press Enter to open the browser.")
})
