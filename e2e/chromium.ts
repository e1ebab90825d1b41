import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

const CANDIDATES = [
  process.env.AUTHCHEMY_TEST_CHROMIUM,
  "/usr/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]

/** A real headless Chromium that talks to nobody but the pages under test. */
export function launchChromium() {
  const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path))
  if (executablePath === undefined) throw new Error("Chromium is missing; script/test says how to install it")
  return chromium.launch({
    executablePath,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  })
}
