import { setImmediate as turn } from "node:timers/promises"
import { beforeEach, expect, test } from "vitest"
import { createEventQueue, type EventQueue, MOST_KEPT } from "./event-queue.ts"
import { createTestLogger, createVirtualTime } from "./testing.ts"

let time: ReturnType<typeof createVirtualTime>
let log: ReturnType<typeof createTestLogger>
let queue: EventQueue<number>
/** What each write was given; the writes wait here until they are answered. */
let writes: { batch: readonly number[]; succeed: () => void; fail: () => void; refuse: () => void }[]

beforeEach(() => {
  time = createVirtualTime()
  log = createTestLogger()
  writes = []
  queue = createEventQueue<number>({
    write: (batch) =>
      new Promise((resolve, reject) => {
        const fail = () => reject(new Error("out of reach"))
        writes.push({ batch, succeed: resolve, fail, refuse: () => reject(new RangeError("never 4711")) })
      }),
    refusalOf: (error) => (error instanceof RangeError ? "too long" : null),
    nameOf: (entry) => `entry ${entry % 10}`,
    logger: log.logger,
    timer: time.timer,
  })
})

const putAll = (from: number, count: number) => {
  for (let entry = from; entry < from + count; entry++) queue.put(entry)
}
const range = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at)
/** Answers the newest write. */
async function answer(how: "succeed" | "fail" | "refuse"): Promise<void> {
  writes.at(-1)?.[how]()
  await turn()
  await turn()
}

test("what comes in one turn is written together at once, and what comes meanwhile, or 20 ms on, with the next", async () => {
  putAll(0, 3)
  expect(writes).toHaveLength(0)
  await turn()
  putAll(3, 2)
  await turn()
  expect(writes.map(({ batch }) => batch)).toEqual([[0, 1, 2]])
  await answer("succeed")
  queue.put(5)
  time.pass(19)
  await turn()
  expect(writes).toHaveLength(1)
  time.pass(1)
  await turn()
  expect(writes.map(({ batch }) => batch)).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ])
  await answer("succeed")
  time.pass(20)
  await turn()
  expect(writes).toHaveLength(2)
  expect(time.nextIn()).toBeNull()
})

test("a write that fails is made again, in its order, after pauses that grow, and the log says so once", async () => {
  queue.put(1)
  await turn()
  const pauses: (number | null)[] = []
  for (const _ of range(0, 8)) {
    queue.put(writes.length + 1)
    await answer("fail")
    pauses.push(time.nextIn())
    time.pass(time.nextIn() ?? 0)
    await turn()
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  await answer("succeed")
  expect(writes.at(-1)?.batch).toEqual(range(1, 9))
  expect(log.lines.map(({ level }) => level)).toEqual(["warn"])
})

test("of what does not fit in memory the oldest goes, and one line counts it", async () => {
  putAll(0, 1)
  await turn()
  await answer("fail")
  putAll(1, MOST_KEPT + 41)
  await turn()
  time.pass(100)
  const written: number[] = []
  await turn()
  while (written.length < MOST_KEPT) {
    written.push(...(writes.at(-1)?.batch ?? []))
    await answer("succeed")
    time.pass(20)
    await turn()
  }
  expect(written).toEqual(range(42, MOST_KEPT))
  expect(log.lines.map(({ level, data }) => [level, data.dropped])).toEqual([
    ["warn", undefined],
    ["error", 42],
  ])
})

test("an entry that is never taken is dropped by name; those beside it are written one by one, and it goes on", async () => {
  putAll(31, 3)
  await turn()
  let flushed = false
  queue.flushed().then(() => {
    flushed = true
  })
  for (const how of ["refuse", "succeed", "refuse"] as const) await answer(how)
  expect(flushed).toBe(false)
  await answer("succeed")
  expect(flushed).toBe(true)
  expect(writes.map(({ batch }) => batch)).toEqual([[31, 32, 33], [31], [32], [33]])
  expect(log.lines).toEqual([
    {
      level: "error",
      data: { event: "entry 2", reason: "too long" },
      sentence: "the database does not take an event; it is lost",
    },
  ])
  queue.put(34)
  time.pass(20)
  await turn()
  await answer("succeed")
  expect(writes.at(-1)?.batch).toEqual([34])
  expect(time.nextIn()).toBe(20)
})

test("where the database goes out of reach in the midst of that, only what is not settled is written again", async () => {
  putAll(1, 4)
  await turn()
  for (const how of ["refuse", "succeed", "refuse", "fail"] as const) await answer(how)
  queue.put(5)
  time.pass(100)
  await turn()
  expect(writes.at(-1)?.batch).toEqual([3, 4, 5])
  await answer("succeed")
  expect(log.lines.map(({ level }) => level)).toEqual(["error", "warn"])
})

test("closing counts as lost what is not settled of a batch that is written one by one, and stops it", async () => {
  putAll(1, 4)
  await turn()
  for (const how of ["refuse", "succeed"] as const) await answer(how)
  const closed = queue.close(5_000)
  time.pass(5_000)
  await closed
  expect(log.lines.at(-1)).toMatchObject({ level: "error", data: { dropped: 3 } })
  await answer("refuse")
  expect(writes).toHaveLength(3)
})

test("flushed waits for all that was put before, and tries at once in a pause", async () => {
  queue.put(1)
  await turn()
  await answer("fail")
  queue.put(2)
  const flushed = queue.flushed()
  expect(writes.at(-1)?.batch).toEqual([1, 2])
  queue.put(3)
  await answer("succeed")
  await flushed
  expect(writes).toHaveLength(2)
  const failed = queue.flushed()
  const refused = expect(failed).rejects.toThrow("out of reach")
  await answer("fail")
  await refused
})

test("flushed while a write is under way waits for what came after it, too", async () => {
  queue.put(1)
  await turn()
  putAll(2, 1_500)
  let done = false
  const flushed = queue.flushed().then(() => {
    done = true
  })
  for (const count of [1, 2, 3]) {
    await answer("succeed")
    expect(done).toBe(false)
    expect(writes).toHaveLength(count + 1)
  }
  await answer("succeed")
  await flushed
})

test("closing writes what is left, in a pause too, and takes no more", async () => {
  queue.put(1)
  await turn()
  await answer("fail")
  const closed = queue.close(5_000)
  await answer("fail")
  time.pass(100)
  await turn()
  await answer("succeed")
  await closed
  expect(writes.at(-1)?.batch).toEqual([1])
  expect(time.nextIn()).toBeNull()
  queue.put(2)
  await turn()
  expect(writes).toHaveLength(3)
  expect(log.lines.at(-1)).toMatchObject({ level: "error", data: { dropped: 1 } })
})

test.each(["hangs", "fails"])(
  "closing ends in time where the database %s, and one line counts what is lost",
  async (how) => {
    putAll(0, 700)
    await turn()
    const closed = queue.close(5_000)
    if (how === "fails") {
      for (const _ of range(0, 49)) {
        await answer("fail")
        time.pass(100)
        await turn()
      }
    }
    time.pass(5_000)
    await closed
    expect(log.lines.filter(({ level }) => level === "error").map(({ data }) => data.dropped)).toEqual([700])
    await answer("fail")
    expect(time.nextIn()).toBeNull()
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1)
  },
)
