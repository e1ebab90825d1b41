import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { type Journey, travel } from "./audit-journey.ts"
import { ada, onRedis } from "./people.ts"
import { migrateDatabase, run } from "./processes.ts"
import { createPostgresDatabase } from "./start-postgres.ts"
import { storedBy } from "./stored.ts"

type Event = {
  id: string
  type: string
  at: string
  email?: string
  sessionId: string | null
  clientId: string | null
  device: Record<string, string>
  origin: { actor: string; address: string | null; agent: string | null }
  details: Record<string, string | number | boolean>
}

async function onBoth(): Promise<Record<string, string>> {
  const url = await createPostgresDatabase(inject("postgresUrl") ?? "", "audit_story")
  const secret = "BN1XmVw9mTjB4mVfSxu0c3pUkS2r0yQ1"
  const env = { ...onRedis(43), AUTHCHEMY_DATABASE_URL: url, AUTHCHEMY_SECRET: secret }
  await migrateDatabase(env)
  return env
}

const STORES: [string, () => Promise<Record<string, string>>][] = [
  ["SQLite", async () => ({})],
  ...(inject("postgresUrl") === null ? [] : [["PostgreSQL and Redis", onBoth] as [string, typeof onBoth]]),
]

/** What happened, whose doing it was, and why. */
const STORY = [
  ["account.created", "operator", "operator"],
  ["sign_in.succeeded", "browser", "password"],
  ["sign_in.failed", "browser", "wrong_password"],
  ["sign_in.succeeded", "browser", "password"],
  ["approval.denied", "browser"],
  ["approval.granted", "browser"],
  ["token.issued", "program"],
  ["access_key.created", "program"],
  ["access_key.used_from_new_address", "program"],
  ["approval.granted", "browser"],
  ["token.issued", "program"],
  ["token.refreshed", "program"],
  ["token.revoked", "program", "code_replayed"],
  ["token.revoked", "program", "revoked"],
  ["approval.granted", "browser"],
  ["token.issued", "program"],
  ["approval.granted", "browser"],
  ["token.issued", "program"],
  ["token.revoked", "program", "revoked"],
  ["token.revoked", "browser", "revoked"],
  ["password.changed", "browser"],
  ["approval.granted", "browser"],
  ["token.issued", "program"],
]

describe.each(STORES)("the audit log tells Ada's day, on %s", (_store, envOf) => {
  let journey: Journey
  let events: Event[]
  let text: string
  let stored: string
  const audit = async (...args: string[]) => {
    const { env } = journey.world.server
    const { code, stdout, stderr } = await run("bin/authchemy", ["audit", ...args], { env }).finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    return stdout
  }

  beforeAll(async () => {
    journey = await travel("audit-story", await envOf())
    const json = await audit("--account", ada.email, "--json")
    events = json
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    text = json + (await audit())
    stored = await storedBy(journey.world.server)
  }, 180_000)
  afterAll(() => journey?.world.remove())

  const one = (type: string, nth = 0) => events.filter((event) => event.type === type)[nth] as Event

  test("what happened, in order, by whom, and why", () => {
    const told = events.map(({ type, origin, details }) => {
      const why = details.reason ?? details.method
      return [type, origin.actor, ...(why === undefined ? [] : [why])]
    })
    expect(told).toEqual(STORY)
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted())
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })

  test("where it came from, and what it is about", () => {
    for (const { origin } of events) {
      if (origin.actor === "operator")
        expect(origin).toEqual({ actor: "operator", address: null, agent: null })
      else expect(origin.address).toMatch(/^(127\.0\.0\.1|::1)$/)
    }
    expect(one("token.issued")).toMatchObject({
      clientId: "alchemy-cli",
      device: { client: expect.stringMatching(/^alchemy-cli\//) },
      details: { approvalId: one("approval.granted").details.approvalId, refreshable: false },
    })
    expect(one("token.issued", 1)).toMatchObject({ clientId: "cli", details: { refreshable: true } })
    expect(one("token.revoked", 0).sessionId).toBe(one("token.issued", 1).sessionId)
    expect(one("token.revoked", 1).sessionId).toBe(one("token.issued", 0).sessionId)
    // The sign-out that could not be delivered at first.
    expect(one("token.revoked", 2).sessionId).toBe(one("token.issued", 3).sessionId)
    expect(one("access_key.used_from_new_address").details).toEqual({
      id: one("access_key.created").details.id,
      name: "CI",
    })
    expect(one("password.changed").details).toEqual({ endedSessions: 1 })
  })

  test("as text, the same in sentences", () => {
    for (const sentence of [
      "A sign-in with a password failed: wrong password",
      "was denied",
      "was given a token",
      "renewed its token",
      "ended: its code was used twice",
      "Access key “CI” used from an address for the first time",
      "Password changed",
    ])
      expect(text).toContain(sentence)
  })

  test("`GET /v1/activity` shows Ada the same", async () => {
    const shown: Event[] = []
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const query = new URLSearchParams({ limit: "10", ...(cursor === "" ? {} : { cursor }) })
      const response = await fetch(`${journey.world.server.url}/v1/activity?${query}`, {
        headers: { authorization: `Bearer ${journey.token}` },
      })
      const { data } = (await response.json()) as { data: { events: Event[]; cursor?: string } }
      shown.push(...data.events)
      cursor = data.cursor
    }
    expect(shown).toEqual(events.map(({ email: _, ...event }) => event).toReversed())
  })

  test("S45 S53 no secret of the day is in the audit log, the server's log, the stores, or what the command shows", () => {
    expect(journey.secrets.size).toBeGreaterThan(15)
    expect(stored).toContain(one("access_key.created").id)
    for (const [what, secret] of journey.secrets) {
      expect(text.includes(secret), `${what} in what authchemy audit prints`).toBe(false)
      expect(journey.world.server.log().includes(secret), `${what} in the server's log`).toBe(false)
      expect(stored.includes(secret), `${what} in the stores`).toBe(false)
      expect(journey.shown.includes(secret), `${what} in what the command shows`).toBe(false)
    }
  })
})
