// Takes pictures of every page for docs/screens, and writes its README. Names after it take only those pages; the README is then left as it is.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { Page } from "playwright-core"
import { PAGES, type PageName, SEEN_ELSEWHERE } from "../e2e/every-page/page-names.ts"
import { walkEveryPage } from "../e2e/every-page/walk.ts"
import { openPagesWorld } from "../e2e/every-page/world.ts"
import { readmeOf } from "./screens-parts/readme.ts"
import { smallPng } from "./screens-parts/small-png.ts"
import { stillnessOf } from "./screens-parts/stillness.ts"

const WIDTHS = [320, 768, 1280] as const
const SCHEMES = ["light", "dark"] as const
const HEIGHTS: Readonly<Record<number, number>> = { 320: 640, 768: 1024, 1280: 800 }

/** Resolves when a page has been painted anew. */
const PAINTED = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"

const folder = resolve(import.meta.dirname, "../docs/screens")
const wanted = new Set(process.argv.slice(2))
const isWanted = (name: string) => wanted.size === 0 || wanted.has(name)

await mkdir(folder, { recursive: true })
const faults: string[] = []
const world = await openPagesWorld()
try {
  await walkEveryPage(world, async (name, page) => {
    if (isWanted(name)) await takePictures(name, page)
  })
} finally {
  await world.remove()
}
if (wanted.size === 0) {
  await removeOthers()
  await writeFile(join(folder, "README.md"), readmeOf(PAGES, WIDTHS))
}
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1

async function takePictures(name: PageName, page: Page): Promise<void> {
  await page.evaluate(stillnessOf(world))
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHTS[width] ?? width })
      await page.evaluate(PAINTED)
      if (await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")) {
        faults.push(`${name} scrolls sideways at ${width} px`)
      }
      const picture = await page.screenshot({ fullPage: !SEEN_ELSEWHERE.has(name), animations: "disabled" })
      await writeFile(join(folder, `${name}-${width}-${colorScheme}.png`), smallPng(picture))
    }
  }
  console.error(name)
}

/** Pictures of pages that are no more. */
async function removeOthers(): Promise<void> {
  const names = Object.keys(PAGES).flatMap((name) =>
    WIDTHS.flatMap((width) => SCHEMES.map((scheme) => `${name}-${width}-${scheme}.png`)),
  )
  for (const file of await readdir(folder)) {
    if (file.endsWith(".png") && !names.includes(file)) await rm(join(folder, file))
  }
}
