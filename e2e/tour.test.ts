import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { qrCodeLines } from "../packages/alchemy/src/output/qr-code.ts"
import { undressed } from "../packages/alchemy/src/output/width.ts"
import { createPlaceholders } from "../script/tour-parts/placeholders.ts"
import { commandNamed, everyCommand } from "../script/tour-parts/schemas.ts"

const tour = readFileSync(new URL("../docs/tour.md", import.meta.url), "utf8")
const placeholders = (ids: string[] = []) => createPlaceholders({ home: "/tmp/tour-1/home", ids: () => ids })

// The tour itself takes more than a minute, and the port that sign-in listens on: `script/tour --check` runs it and compares.
test("every command of the tree is in docs/tour.md", () => {
  const shown = new Set(
    Array.from(tour.matchAll(/^[^\n]*\$ (?:\w+=\S+ )*(.*)$/gm), ([, line = ""]) => commandNamed(line)),
  )
  expect(everyCommand().filter((command) => !shown.has(command))).toEqual([])
})

test("docs/tour.md holds nothing of the machine that it was made on", () => {
  expect(tour).not.toMatch(/\/tmp\/|\/root\/|\/work\//)
  expect(tour).not.toMatch(/Something went wrong inside/)
})

test("two tours with other values give the same text, of the same width", () => {
  const screen = (token: string, session: string, code: string, port: number) =>
    `token alchemy_at_${token}\nid ${session} app_${session} code ${code} at http://localhost:${port}/device in ${port} ms\n/tmp/tour-1/home/x\n--complete ${session}`
  const one = screen("r2nv…5SA2", "z1tsYXCpWYnUxck2", "BCDF-GHJK", 12_345)
  const other = screen("Qx71…abCD", "0-_tsYXCpWYnUxc9", "ZXWV-TSRQ", 31_000)
  const first = placeholders(["z1tsYXCpWYnUxck2"]).replace(one, 80)
  expect(placeholders(["0-_tsYXCpWYnUxc9"]).replace(other, 80)).toBe(first)
  expect(first).toContain("/home/ada/x")
  for (const value of ["r2nv…5SA2", "z1tsYXCpWYnUxck2", "BCDF-GHJK", "12345"])
    expect(first).not.toContain(value)
})

test("a value is replaced by the same everywhere, another by another", () => {
  const shown = placeholders().replace("app_z1tsYXCpWYnUxck2 app_z1tsYXCpWYnUxck2 app_0-_tsYXCpWYnUxc9", 80)
  const [one, same, other] = shown.split(" ")
  expect(one).toBe(same)
  expect(one).not.toBe(other)
  expect(one).toHaveLength("app_z1tsYXCpWYnUxck2".length)
})

test("a line that the terminal broke is broken in the same column", () => {
  const state = "Roo7Wudm70WT_pYc4gLBOs8GVqoXL8-IwhumurV7_BI"
  const lines = placeholders().replace(`http://localhost:12345/login?state=${state}`, 40).split("\n")
  expect(lines.map((line) => line.length)).toEqual([40, 38])
  expect(lines.join("")).toMatch(/^http:\/\/localhost:14000\/login\?state=\w{43}$/)
})

test("a QR code becomes that of the address below it", () => {
  const code = (text: string) =>
    (qrCodeLines(text, { color: true, columns: 80, rows: 40 }) ?? []).map((line) => undressed(line).trimEnd())
  const screen = (port: number, userCode: string) =>
    [
      ...code(`http://localhost:${port}/device?user_code=${userCode}`),
      `Scan this, or open http://localhost:${port}/device`,
      `and enter the code  ${userCode}`,
    ].join("\n")
  const shown = placeholders().replace(screen(12_345, "BCDF-GHJK"), 80)
  const [, userCode = ""] = /code {2}(\S+)/.exec(shown) ?? []
  expect(shown).toBe(screen(14_000, userCode))
})
