import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import type { PagesWorld } from "../../e2e/every-page/world.ts"
import { qrCode } from "../../packages/authchemy/src/pages/account/security-qr-code.ts"

const script = readFileSync(new URL("hold-still.js", import.meta.url), "utf8")

/** What a page evaluates so that a picture of it changes only where the page does: moments, phrases, codes, keys, ports, this machine's name. */
export function stillnessOf(world: PagesWorld): string {
  const { server, plain, branded } = world
  const held = {
    words: "amber canoe lantern velvet",
    letters: "WDJB-MJHT",
    secret: "k7Qm2xVb9RtLp4Wz8Hn3Yc6Jd1Sf5Gg0",
    qr: String(
      qrCode("otpauth://totp/Authchemy:grace%40example.com?secret=JBSWY3DPEHPK3PXP", "QR code of the secret"),
    ),
    texts: [
      ...[server, plain, branded].map(({ port }) => [`localhost:${port}`, "localhost:4000"]),
      [escaped(hostname()), "ada-laptop"],
      [`alchemy-cli/[0-9.]+`, "alchemy-cli/1.0.0"],
      ["\\b(?:Linux|Debian GNU/Linux) [0-9][\\w.-]*", "Linux 6.12"],
      ["\\b(?:[2-9]|[1-5][0-9]|1) seconds? ago", "2 seconds ago"],
    ],
  }
  return `globalThis.held = ${JSON.stringify(held)};\n(() => {\n${script}\n})()`
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
