import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Audit, AuditQuery } from "../../audit/events.ts"
import { withOrigin } from "../../audit/origin.ts"
import { type AppUnderTest, openAppUnderTest } from "../testing.ts"
import { sessionAddresses } from "./session-addresses.ts"
import { type BrowserUnderTest, openBrowserUnderTest } from "./testing.ts"

let under: AppUnderTest
let ann: BrowserUnderTest

beforeAll(async () => {
  under = await openAppUnderTest()
  ann = await openBrowserUnderTest(under)
})
afterAll(() => under.close())

const machine = (name: string, address: string | null) =>
  withOrigin({ actor: "program", address, agent: null }, () =>
    under.tokens.createSession({
      ...ALCHEMY_GRANT,
      ...{ accountId: ann.accountId, expiresInSeconds: 86_400, device: { name } },
    }),
  )

test("each machine is shown with where its token went, in words", async () => {
  await machine("here", "127.0.0.1")
  await machine("inside", "10.0.0.4")
  await machine("outside", "203.0.113.9")
  await machine("nowhere", null)
  await machine("unseen", "unknown")
  const page = await ann.page("/sessions")
  const placeOf = (name: string) => new RegExp(`<bdi>${name}</bdi>.*?From ([^<]*)<`, "s").exec(page)?.[1]
  expect(["here", "inside", "outside", "nowhere", "unseen"].map(placeOf)).toEqual([
    "127.0.0.1 (the server&#39;s own machine)",
    "10.0.0.4 (a private network)",
    "203.0.113.9",
    "not known",
    "not known",
  ])
})

test("a hundred sessions are all shown, their addresses found by one look-up", async () => {
  for (let index = 0; index < 100; index++) await machine(`m-${index}`, `203.0.113.${index}`)
  const queries: AuditQuery[] = []
  const audit: Pick<Audit, "list"> = {
    list: (query) => {
      queries.push(query)
      return under.audit.list(query)
    },
  }
  const sessions = await under.tokens.listSessions(ann.accountId)
  const addresses = await sessionAddresses(audit, ann.accountId, sessions)
  expect(queries).toHaveLength(1)
  const found = sessions.filter(({ device }) => device.name?.startsWith("m-"))
  expect(found.map(({ id }) => addresses.get(id))).toEqual(
    found.map(({ device }) => `203.0.113.${device.name?.slice(2)}`),
  )
  const page = await ann.page("/sessions")
  expect(page.match(/aria-label="End session on m-\d+"/g)).toHaveLength(100)
  const ids = Array.from(page.matchAll(/ id="([^"]+)"/g), ([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test("an old session's address is found behind many later ones, and not looked for without end", async () => {
  const session = (id: string, createdAt: number) =>
    ({
      ...ALCHEMY_GRANT,
      accountId: "a",
      device: {},
      keyThumbprint: null,
      id,
      createdAt,
      lastUsedAt: 0,
    }) as const
  const issued = (sessionId: string) => ({
    ...{ id: sessionId, type: "token.issued", at: "", accountId: "a", sessionId, clientId: null, device: {} },
    ...{ details: {}, origin: { actor: "program", address: "203.0.113.1", agent: null } },
  })
  let pages = 0
  const audit = {
    list: async ({ cursor, since }: AuditQuery) => {
      pages++
      expect(since).toBe("1970-01-01T00:01:00.000Z")
      const page = Number(cursor ?? 0)
      return { events: [issued(page === 3 ? "old" : `other-${page}`)], cursor: String(page + 1) }
    },
  } as unknown as Audit
  const old = { ...session("old", 120_000), expiresAt: 9e12 }
  expect(await sessionAddresses(audit, "a", [old])).toEqual(new Map([["old", "203.0.113.1"]]))
  expect(pages).toBe(4)
  expect(await sessionAddresses(audit, "a", [{ ...old, id: "unknown" }])).toEqual(new Map())
  expect(pages).toBe(12)
  expect(await sessionAddresses(audit, "a", [])).toEqual(new Map())
  expect(pages).toBe(12)
})
