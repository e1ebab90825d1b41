import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test, vi } from "vitest"
import { TOMBSTONE_MS } from "../revocation/feed-log.ts"
import { connectToSqlite } from "./sqlite-connection.ts"
import { createSqliteFeed } from "./sqlite-feed.ts"
import { createSqliteSweeper } from "./sqlite-sweeper.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-feed-"))
afterAll(() => rmSync(directory, { recursive: true }))

const NOW = 10_000_000

/** A feed on a file, as a process has it. */
async function openFeed(path: string) {
  const connection = await connectToSqlite(path)
  const sweeper = createSqliteSweeper(connection)
  const { append, transport } = createSqliteFeed(connection, sweeper)
  return {
    ...{ connection, transport },
    append: (item: string, now = NOW) => connection.writing(() => append([item], now)),
    close: async () => {
      await transport.close()
      sweeper.close()
      connection.database.close()
    },
  }
}

/** Two processes on one file. */
async function twoProcesses(name: string) {
  const path = join(directory, name)
  const [mine, theirs] = [await openFeed(path), await openFeed(path)]
  return { mine, theirs, close: () => Promise.all([mine.close(), theirs.close()]) }
}

/** A renewal that grants a lease for the usual time. */
const lease = (last: number) => ({ epoch: "", last, entries: [] })

test("a lease is granted when all before it has been acknowledged in the file, and not sooner", async () => {
  const { mine, theirs, close } = await twoProcesses("grants.db")
  const { transport } = mine
  await theirs.append("t.one")
  expect(await transport.renew("me", null)).toEqual(lease(1))
  expect(await theirs.transport.followers()).toEqual(new Map([["me", { acknowledged: 1, renewals: 0 }]]))
  await theirs.append("t.two")
  const entries = [{ number: 2, items: ["t.two"] }]
  expect(await transport.renew("me", 1)).toEqual({ epoch: "", last: 2, entries, leaseMs: 0 })
  expect(await theirs.transport.followers()).toEqual(new Map([["me", { acknowledged: 1, renewals: 0 }]]))
  expect(await transport.renew("me", 2)).toEqual(lease(2))
  expect(await theirs.transport.followers()).toEqual(new Map([["me", { acknowledged: 2, renewals: 0 }]]))
  await close()
})

test("what is appended between a renewal's reading and its acknowledgement is not overlooked", async () => {
  const { mine, theirs, close } = await twoProcesses("between.db")
  await theirs.append("t.one")
  const renewing = mine.transport.renew("me", null)
  // The renewal has read by now, and goes on in a later turn.
  theirs.connection.database.exec("INSERT INTO authchemy_feed (items, at) VALUES ('t.two', 0)")
  expect(await renewing).toEqual({ epoch: "", last: 2, entries: [], leaseMs: 0 })
  await close()
})

test("a renewal with nothing new writes nothing", async () => {
  const { mine, theirs, close } = await twoProcesses("quiet.db")
  await mine.transport.renew("me", null)
  const version = () => theirs.connection.database.prepare("PRAGMA data_version").get()?.data_version
  const before = version()
  for (let round = 0; round < 5; round++) expect(await mine.transport.renew("me", 0)).toEqual(lease(0))
  expect(version()).toBe(before)
  await close()
})

test("who was away for longer than entries are kept finds a gap, also when none is left", async () => {
  const { mine, theirs, close } = await twoProcesses("gap.db")
  await mine.transport.renew("me", null)
  const gap = (last: number) => ({ epoch: "", last, entries: null, leaseMs: 0 })
  await theirs.append("t.one")
  await theirs.append("t.two", NOW + TOMBSTONE_MS + 1)
  expect(await mine.transport.renew("me", 0)).toEqual(gap(2))
  theirs.connection.database.exec("DELETE FROM authchemy_feed")
  expect(await mine.transport.renew("me", 1)).toEqual(gap(2))
  // Numbers are not given twice.
  await theirs.append("t.three", NOW + TOMBSTONE_MS + 2)
  const entries = [{ number: 3, items: ["t.three"] }]
  expect(await mine.transport.renew("me", 2)).toEqual({ epoch: "", last: 3, entries, leaseMs: 0 })
  await close()
})

test("who knows more than the file does, because an older copy was put in its place, finds a gap", async () => {
  const { mine, theirs, close } = await twoProcesses("older.db")
  await theirs.append("t.one")
  expect(await mine.transport.renew("me", 7)).toEqual({ epoch: "", last: 1, entries: null, leaseMs: 0 })
  await close()
})

test("who was struck out gets no lease before it is on the list again, at what it knows", async () => {
  const { mine, theirs, close } = await twoProcesses("struck.db")
  await mine.transport.renew("me", null)
  await theirs.append("t.one")
  const lapsed = await theirs.transport.followers()
  await theirs.transport.drop(lapsed)
  expect((await theirs.transport.followers()).size).toBe(0)
  expect(await mine.transport.renew("me", 0)).toMatchObject({ leaseMs: 0 })
  expect((await theirs.transport.followers()).size).toBe(0)
  expect(await mine.transport.renew("me", 1)).toEqual(lease(1))
  // It has acknowledged since it was found to be silent.
  await theirs.transport.drop(lapsed)
  expect((await theirs.transport.followers()).size).toBe(1)
  await mine.transport.leave("me")
  expect((await theirs.transport.followers()).size).toBe(0)
  await close()
})

test("a file that cannot be written grants no lease to who has something to acknowledge, and goes on with the others", async () => {
  const { mine, theirs, close } = await twoProcesses("read-only.db")
  await mine.transport.renew("me", null)
  await theirs.append("t.one")
  mine.connection.database.exec("PRAGMA query_only = ON")
  await expect(mine.transport.renew("me", 1)).rejects.toMatchObject({ code: "store_unavailable" })
  await expect(mine.transport.renew("another", null)).rejects.toMatchObject({ code: "store_unavailable" })
  mine.connection.database.exec("PRAGMA query_only = OFF")
  await mine.transport.renew("me", 1)
  mine.connection.database.exec("PRAGMA query_only = ON")
  expect(await mine.transport.renew("me", 1)).toEqual(lease(1))
  await close()
})

test("names other than tokens are appended when they are announced, tokens when they end", async () => {
  const { mine, theirs, close } = await twoProcesses("names.db")
  await mine.append("t.one")
  expect((await mine.transport.append(["t.one"])).number).toBe(1)
  expect((await mine.transport.append(["t.one", "account:ada", "client:tool"])).number).toBe(2)
  expect((await theirs.transport.renew("they", 1)).entries).toEqual([
    { number: 2, items: ["account:ada", "client:tool"] },
  ])
  await close()
})

test("what another process appends and acknowledges is heard of at once, and nothing else is", async () => {
  const { mine, theirs, close } = await twoProcesses("heard.db")
  const [heard, acknowledged] = [vi.fn(), vi.fn()]
  await mine.transport.listen(heard)
  await mine.transport.listenForAcknowledgements(acknowledged)
  await theirs.append("t.one")
  await vi.waitFor(() => expect(heard).toHaveBeenCalledWith({ kind: "appended", entry: null }))
  heard.mockClear()
  await theirs.transport.renew("they", 1)
  await vi.waitFor(() => expect(acknowledged).toHaveBeenCalledWith("they", 1))
  expect(heard).not.toHaveBeenCalled()
  await close()
})
