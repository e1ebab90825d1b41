import { expect, test } from "vitest"
import { plainMetric } from "../telemetry/process-metrics.ts"
import type { ToWorker } from "./messages.ts"
import { type Asked, createScrape } from "./scrape.ts"

function openScrape() {
  const waits: (() => void)[] = []
  const scrape = createScrape({
    wait: () => new Promise((resolve) => waits.push(resolve)),
    deaths: () => 2,
  })
  const worker = () => {
    const asked: ToWorker[] = []
    const counted = (count: number) => [
      plainMetric("counter", "c", "", count),
      plainMetric("gauge", "g", "", 1),
    ]
    const self: Asked = { send: (message) => void asked.push(message) }
    const answer = (count: number) => {
      const last = asked.at(-1)
      if (last?.type !== "collect") throw new Error("was not asked")
      scrape.collected(self, last.id, counted(count))
    }
    return { self, asked, answer, counted }
  }
  return { scrape, worker, waits }
}

const linesOf = async (text: Promise<string>) =>
  (await text).split("\n").filter((line) => !line.startsWith("#"))

test("a scrape is the sum of all workers", async () => {
  const { scrape, worker } = openScrape()
  const [first, second] = [worker(), worker()]
  const text = linesOf(scrape.text([first.self, second.self]))
  first.answer(3)
  second.answer(4)
  expect(await text).toEqual(
    expect.arrayContaining(["c 7", "g 2", "authchemy_workers 2", "authchemy_worker_deaths_total 2"]),
  )
})

test("a worker that does not answer in time is told as it was last", async () => {
  const { scrape, worker, waits } = openScrape()
  const [first, second] = [worker(), worker()]
  const both = [first.self, second.self]
  const earlier = scrape.text(both)
  first.answer(3)
  second.answer(4)
  await earlier
  const text = linesOf(scrape.text(both))
  first.answer(10)
  for (const over of waits) over()
  expect(await text).toContain("c 14")
})

test("a worker that ends during a scrape does not hold it up, and what it counted stays", async () => {
  const { scrape, worker } = openScrape()
  const [first, second, third] = [worker(), worker(), worker()]
  const text = linesOf(scrape.text([first.self, second.self]))
  first.answer(3)
  scrape.drained(second.self, second.counted(4))
  scrape.gone(second.self)
  expect(await text).toEqual(expect.arrayContaining(["c 7", "g 1"]))
  const later = linesOf(scrape.text([first.self, third.self]))
  first.answer(5)
  third.answer(1)
  expect(await later).toEqual(expect.arrayContaining(["c 10", "g 2"]))
})
