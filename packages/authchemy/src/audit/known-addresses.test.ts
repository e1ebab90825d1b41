import { afterEach, beforeEach, expect, test } from "vitest"
import { onEachDatabase } from "../database/testing.ts"
import { createKnownAddresses } from "./known-addresses.ts"
import { createVirtualTime, openAuditDatabases } from "./testing.ts"

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  beforeEach(async () => {
    databases = await openAuditDatabases(under)
  })
  afterEach(() => databases.close())
  const { now } = createVirtualTime()

  test("each key's first use from a network is new, once; an IPv6 network is its /64", async () => {
    const known = createKnownAddresses({ database: databases.open(), now })
    expect(await known.noteUse("key_1", "192.0.2.1")).toBe(true)
    expect(await known.noteUse("key_1", "192.0.2.1")).toBe(false)
    expect(await known.noteUse("key_1", "192.0.2.2")).toBe(true)
    expect(await known.noteUse("key_2", "192.0.2.1")).toBe(true)
    expect(await known.noteUse("key_1", "2001:db8::1")).toBe(true)
    expect(await known.noteUse("key_1", "2001:db8::2")).toBe(false)
  })

  test("of any number of callers in several processes, one is told", async () => {
    const processes = Array.from({ length: 4 }, () =>
      createKnownAddresses({ database: databases.open(), now }),
    )
    for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const told = await Promise.all(
        Array.from({ length: 24 }, (_, at) => processes[at % 4]?.noteUse("key_1", address)),
      )
      expect(told.filter(Boolean)).toHaveLength(1)
    }
    expect(
      await createKnownAddresses({ database: databases.open(), now }).noteUse("key_1", "192.0.2.1"),
    ).toBe(false)
  })

  test("a network that was forgotten with its events is new again, a day later at most", async () => {
    const time = createVirtualTime()
    const database = databases.open()
    const known = createKnownAddresses({ database, now: time.now })
    await known.noteUse("key_1", "192.0.2.1")
    await database.deleteFrom("access_key_address").execute()
    time.pass(24 * 60 * 60 * 1000 - 1)
    expect(await known.noteUse("key_1", "192.0.2.1")).toBe(false)
    time.pass(1)
    expect(await known.noteUse("key_1", "192.0.2.1")).toBe(true)
    expect(await known.noteUse("key_1", "192.0.2.1")).toBe(false)
  })

  test("what is known costs no look into the database; what could not be noted is not known", async () => {
    const database = databases.open()
    const known = createKnownAddresses({ database, now })
    await known.noteUse("key_1", "192.0.2.1")
    await database.destroy()
    expect(await known.noteUse("key_1", "192.0.2.1")).toBe(false)
    await expect(known.noteUse("key_1", "192.0.2.2")).rejects.toThrow()
    await expect(known.noteUse("key_1", "192.0.2.2")).rejects.toThrow()
  })
})
