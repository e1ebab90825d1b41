import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../routes/testing.ts"
import { rememberClients } from "./remembered.ts"

let under: AppUnderTest
beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())

function open() {
  const announced: string[] = []
  const listeners: ((item: string | null) => void)[] = []
  const find = vi.fn(under.clients.find)
  const findOfSession = vi.fn(under.clients.findOfSession)
  const clients = rememberClients(
    { ...under.clients, find, findOfSession },
    {
      isCurrent: () => true,
      onForgotten: (listener) => {
        listeners.push(listener)
        return () => {}
      },
      announce: async (items) => {
        announced.push(...items)
        for (const item of items) for (const listener of listeners) listener(item)
      },
    },
    () => 0,
  )
  return { clients, find, findOfSession, announced }
}

const cli = { name: "My CLI", redirectUris: ["http://127.0.0.1/cb"], confidential: false }

test("a client is read once, for itself and for its sessions; one that was just added is found", async () => {
  const { clients, find, findOfSession } = open()
  const session = { clientId: "once", createdAt: under.clock.now }
  expect(await clients.find("once")).toBeNull()
  expect(await clients.findOfSession(session)).toBeNull()
  await clients.add({ ...cli, id: "once" })
  const client = await clients.find("once")
  expect(client).toMatchObject({ id: "once" })
  expect(clients.findHeld("once")).toBe(client)
  expect(clients.findHeldOfSession(session)).toBeUndefined()
  expect(await clients.findOfSession(session)).toEqual(client)
  expect(clients.findHeldOfSession(session)).toEqual(client)
  await clients.find("once")
  await clients.findOfSession(session)
  expect([find.mock.calls.length, findOfSession.mock.calls.length]).toEqual([2, 2])
})

test("S48 what is remembered of a later session says nothing about one from before the registration", async () => {
  const { clients } = open()
  const before = { clientId: "later", createdAt: under.clock.now }
  under.clock.now += 1
  await clients.add({ ...cli, id: "later" })
  const since = { clientId: "later", createdAt: under.clock.now }
  expect(await clients.findOfSession(since)).not.toBeNull()
  expect(clients.findHeldOfSession({ ...since, createdAt: since.createdAt + 1 })).toBeDefined()
  expect(clients.findHeldOfSession(before)).toBeUndefined()
  expect(await clients.findOfSession(before)).toBeNull()
})

test("S48 a client that is removed is forgotten everywhere before that is told", async () => {
  const { clients, announced } = open()
  await clients.add({ ...cli, id: "brief" })
  const session = { clientId: "brief", createdAt: under.clock.now }
  await clients.find("brief")
  await clients.findOfSession(session)
  expect(await clients.remove("brief")).toBe(true)
  expect(announced).toEqual(["client:brief"])
  expect(clients.findHeld("brief")).toBeUndefined()
  expect(clients.findHeldOfSession(session)).toBeUndefined()
  expect(await clients.remove("brief")).toBe(false)
  expect(announced).toHaveLength(1)
})
