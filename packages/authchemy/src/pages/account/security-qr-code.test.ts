import { encode } from "uqr"
import { expect, test } from "vitest"
import { qrCode } from "./security-qr-code.ts"

const URI =
  "otpauth://totp/Acme:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme&algorithm=SHA1&digits=6&period=30"

/** Draws the strokes again, module by module. */
function drawn(svg: string): boolean[][] {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
  const modules = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
  let [x, y] = [0, 0]
  for (const [, command, first = "", second = ""] of svg.matchAll(/([Mmh])(-?\d+)(?: (-?[\d.]+))?/g)) {
    if (command === "M") [x, y] = [Number(first), Number(second)]
    else if (command === "m") x += Number(first)
    else {
      const row = modules[Math.floor(y)]
      for (let step = 0; step < Number(first); step++) if (row !== undefined) row[x + step] = true
      x += Number(first)
    }
  }
  return modules
}

test("the strokes are the code's dark modules, all of them and no others", async () => {
  const svg = String(await qrCode(URI, "QR code"))
  expect(drawn(svg)).toEqual(encode(URI, { ecc: "L", border: 3 }).data)
})

test("S14 its name is text, and it is small", async () => {
  const svg = String(await qrCode(URI, '"><b>'))
  expect(svg).not.toContain("<b>")
  expect(svg.length).toBeLessThan(7_000)
})
