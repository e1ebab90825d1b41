import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { insertEvents } from "./event-rows.ts"
import { recordedEvent } from "./recorded.ts"
import { BROWSER, createVirtualTime, openAuditDatabases, SIGNED_IN, START } from "./testing.ts"
import { createWebhookOutbox, deliveryOf, RETRY_PAUSES_MS, type WebhookOutbox } from "./webhook-outbox.ts"

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  let time: ReturnType<typeof createVirtualTime>
  let outbox: WebhookOutbox
  beforeEach(async () => {
    databases = await openAuditDatabases(under)
    time = createVirtualTime()
    outbox = createWebhookOutbox(databases.open(), time.now)
  })
  afterEach(() => databases.close())

  const put = (count: number) => {
    const at = new Date(START).toISOString()
    const events = Array.from({ length: count }, (_, index) =>
      recordedEvent(SIGNED_IN, BROWSER, { id: `evt_${String(index).padStart(4, "0")}`, at }),
    )
    return insertEvents(databases.open(), events, deliveryOf)
  }
  const only = async () => {
    const [delivery, ...others] = await outbox.claim(10)
    if (delivery === undefined || others.length > 0) throw new Error("there is not exactly one")
    return delivery
  }

  test("an event and its delivery are written together; its body is what the API tells", async () => {
    expect(await outbox.nextDueAt()).toBeNull()
    await put(1)
    expect(await outbox.nextDueAt()).toBe(START)
    const { id, body, attempts } = await only()
    expect({ id, attempts }).toEqual({ id: "evt_0000", attempts: 1 })
    expect(JSON.parse(body)).toEqual({
      id: "evt_0000",
      type: "sign_in.succeeded",
      at: "2026-11-23T22:05:00.000Z",
      accountId: "ada",
      sessionId: null,
      clientId: null,
      device: {},
      origin: BROWSER,
      details: { method: "password" },
    })
  })

  test("of any number of processes that claim at once, each delivery is one's", async () => {
    await put(200)
    const others = Array.from({ length: 6 }, () => createWebhookOutbox(databases.open(), time.now))
    const claimed = await Promise.all(
      Array.from({ length: 60 }, (_, at) => others[at % 6]?.claim(7) ?? Promise.reject(new Error())),
    )
    const ids = claimed.flat().map(({ id }) => id)
    while (ids.length < 200) {
      const more = await outbox.claim(16)
      if (more.length === 0) break
      ids.push(...more.map(({ id }) => id))
    }
    expect(ids).toHaveLength(200)
    expect(new Set(ids).size).toBe(200)
  })

  test("a claim that nobody settles is another's when its lease has ended, and then the first is too late", async () => {
    await put(1)
    const first = await only()
    time.pass(19_999)
    expect(await outbox.claim(10)).toEqual([])
    time.pass(1)
    const second = await only()
    expect(second.attempts).toBe(2)
    await outbox.remove(first)
    expect(await outbox.retry(first)).toBe(true)
    expect(await outbox.nextDueAt()).toBe(START + 40_000)
    await outbox.remove(second)
    expect(await outbox.nextDueAt()).toBeNull()
  })

  test("what does not arrive is tried again after 5 s, 30 s, 2 min, 10 min, 1, 3, 6, 12 and 24 h, then gone", async () => {
    const seconds = [5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200, 86_400]
    expect(RETRY_PAUSES_MS).toEqual(seconds.map((pause) => pause * 1_000))
    await put(1)
    for (const pause of RETRY_PAUSES_MS) {
      expect(await outbox.retry(await only())).toBe(true)
      time.pass(pause - 1)
      expect(await outbox.claim(1)).toEqual([])
      time.pass(1)
    }
    const last = await only()
    expect(last.attempts).toBe(10)
    expect(await outbox.retry(last)).toBe(false)
    expect(await outbox.nextDueAt()).toBeNull()
  })
})
