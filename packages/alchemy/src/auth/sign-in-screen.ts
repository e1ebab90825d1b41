import type { SignInEvent } from "@authchemy/cli-sign-in"
import { qrCodeLines } from "../output/qr-code.ts"
import type { Style } from "../output/style.ts"
import { span } from "../output/time.ts"
import { columnsOf } from "../output/width.ts"

export type Approval = Extract<SignInEvent, { type: "approval" }>
export type DeviceCode = Extract<SignInEvent, { type: "device-code" }>

/** The height of the terminal in lines, or `null` where it shows no QR code. */
export type Terminal = { rows: number } | null

const WORDS = "Approve there only if the page shows these words:"

/**
 * What a person is shown who signs in at an address in a browser on this machine. `asks`: Enter will open it.
 */
export function approvalScreen(approval: Approval, style: Style, asks: boolean): string {
  return [
    "Open this address in a browser to sign in:",
    "",
    style.link(approval.url),
    "",
    WORDS,
    "",
    `  ${style.bold(approval.phrase)}`,
    "",
    waiting(approval),
    ...(asks ? ["Press Enter to open the browser."] : []),
  ].join("\n")
}

/**
 * What a person is shown who signs in by code, on any device. `approval`, where the browser flow runs beside
 * it, comes first, and after it the QR code: what has to be read stays on the screen.
 */
export function deviceScreen(
  code: DeviceCode,
  approval: Approval | null,
  style: Style,
  terminal: Terminal,
): string {
  const here =
    approval === null ? [] : [`In a browser on this very machine, open ${style.link(approval.url)}`, ""]
  const scan = approval === null ? "Scan this, or open" : "Scan this with another device, or open"
  const below = (dress: Pick<Style, "bold" | "link">) => {
    const fits = columnsOf(`${scan} ${code.verificationUri}`) <= style.width
    const address = dress.link(code.verificationUri)
    return [...(fits ? [`${scan} ${address}`] : [scan, address]), ...codeLines(code, dress)]
  }
  // One row more for the cursor.
  const rows = below(PLAIN).reduce((sum, line) => sum + Math.ceil(columnsOf(line) / style.width), 1)
  const qrCode =
    terminal &&
    qrCodeLines(code.verificationUriComplete ?? code.verificationUri, {
      color: style.color,
      columns: style.width,
      rows: terminal.rows - rows,
    })
  if (qrCode !== null) return [...here, ...qrCode, ...below(style)].join("\n")
  const where = approval === null ? "in a browser on any device" : "in a browser on another device"
  const address = `  ${style.link(code.verificationUri)}`
  const airy = [`Open this address ${where}:`, address, ...codeLines(code, style)].join("\n\n")
  return [...here, airy].join("\n")
}

const PLAIN = { bold: (text: string) => text, link: (url: string) => url }

function codeLines(code: DeviceCode, dress: Pick<Style, "bold">): string[] {
  return [
    `and enter the code  ${dress.bold(code.userCode)}`,
    WORDS,
    `  ${dress.bold(code.phrase)}`,
    waiting(code),
  ]
}

function waiting(event: { timeoutMs: number }): string {
  return `Waiting for your approval, at most ${span(event.timeoutMs)}. Ctrl-C stops.`
}
