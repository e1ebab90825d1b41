import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setImmediate as turn } from "node:timers/promises"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Database } from "../database/database.ts"
import { onEachDatabase } from "../database/testing.ts"
import { type AuditLog, openAuditLog } from "./audit-log.ts"
import { parseWebhookSecret } from "./settings.ts"
import { createTestLogger, createVirtualTime, openAuditDatabases, SIGNED_IN } from "./testing.ts"
import { RETRY_PAUSES_MS } from "./webhook-outbox.ts"
import { signatureHeaders } from "./webhook-signature.ts"

const SECRET = parseWebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

/** Who is told, on loopback: what it was sent, and how it answers. */
async function openReceiver() {
  const received: { path: string; id: string; headers: IncomingMessage["headers"]; body: string }[] = []
  const receiver = { received, answer: (response: ServerResponse) => void response.writeHead(204).end() }
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk
    })
    request.on("end", () => {
      const id = String(request.headers["webhook-id"])
      received.push({ path: request.url ?? "", id, headers: request.headers, body })
      receiver.answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=path-secret`
  const close = async () => {
    if (!server.listening) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { ...receiver, receiver, url, close }
}

onEachDatabase((under) => {
  let databases: Awaited<ReturnType<typeof openAuditDatabases>>
  let database: Database
  let time: ReturnType<typeof createVirtualTime>
  let log: ReturnType<typeof createTestLogger>
  let hook: Awaited<ReturnType<typeof openReceiver>>
  let opened: AuditLog[]
  const open = (options: { delivers?: boolean; url?: string; on?: Database } = {}) => {
    const { delivers = true, url = hook.url, on = database } = options
    const webhook = { url, secret: SECRET, delivers }
    const { now, timer } = time
    const audit = openAuditLog({ database: on, now, timer, logger: log.logger, retentionDays: 30, webhook })
    opened.push(audit)
    return audit
  }
  const left = () => database.selectFrom("webhook_delivery").selectAll().execute()
  /** Waits until an attempt has failed and that is noted: the row is then not under the attempt's lease any more. */
  const failed = async (attempts: number) => {
    const dueAt = new Date(time.now() + (RETRY_PAUSES_MS[attempts - 1] ?? 0)).toISOString()
    await vi.waitFor(async () => {
      expect(await left()).toMatchObject([{ attempts, next_attempt_at: dueAt }])
    })
  }
  /** Lets time pass in steps, as whoever looks every five seconds does: each step waits for the look before it to be done. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      await vi.waitFor(() => expect(time.nextIn()).toBeLessThanOrEqual(5_000))
      time.pass(Math.min(5_000, ms - passed))
    }
  }

  beforeEach(async () => {
    databases = await openAuditDatabases(under)
    database = databases.open()
    time = createVirtualTime()
    log = createTestLogger()
    hook = await openReceiver()
    opened = []
  })
  afterEach(async () => {
    await Promise.all(opened.map((audit) => audit.close()))
    await hook.close()
    await databases.close()
  })

  test("an event is sent at once, signed, and then is in the outbox no more", async () => {
    const audit = open()
    audit.record(SIGNED_IN)
    await vi.waitFor(async () => expect(await left()).toEqual([]))
    await vi.waitFor(() => expect(hook.received).toHaveLength(1))
    const [sent] = hook.received
    const [event] = (await audit.list({ limit: 1 })).events
    expect(JSON.parse(sent?.body ?? "")).toEqual(event)
    expect(sent?.path).toBe("/hook?key=path-secret")
    expect(sent?.headers).toMatchObject({
      "content-type": "application/json",
      ...signatureHeaders({ id: event?.id ?? "", at: time.now(), body: sent?.body ?? "", secret: SECRET }),
    })
    expect(log.lines).toEqual([])
  })

  test("what fails is tried again, as it was and signed anew, until it arrives", async () => {
    hook.receiver.answer = (response) => void response.writeHead(500).end("no")
    const audit = open()
    audit.record(SIGNED_IN)
    for (const attempt of [1, 2, 3]) {
      await failed(attempt)
      expect(hook.received).toHaveLength(attempt)
      if (attempt === 3) hook.receiver.answer = (response) => void response.writeHead(202).end("taken")
      await pass(RETRY_PAUSES_MS[attempt - 1] ?? 0)
    }
    await vi.waitFor(async () => expect(await left()).toEqual([]))
    expect(new Set(hook.received.map(({ body }) => body)).size).toBe(1)
    expect(new Set(hook.received.map(({ id }) => id)).size).toBe(1)
    expect(new Set(hook.received.map(({ headers }) => headers["webhook-signature"])).size).toBe(4)
    expect(log.lines.map(({ level, data }) => [level, data.outcome])).toEqual([["warn", 500]])
  })

  test("after ten attempts it is given up, and the log says so without the address", async () => {
    const at = new Date(time.now()).toISOString()
    await database
      .insertInto("webhook_delivery")
      .values({ id: "evt_x", body: "{}", attempts: 9, next_attempt_at: at })
      .execute()
    hook.receiver.answer = (response) => void response.destroy()
    open()
    await vi.waitFor(async () => expect(await left()).toEqual([]))
    await vi.waitFor(() => expect(log.lines).toHaveLength(1))
    expect(log.lines[0]).toMatchObject({ level: "error", data: { event: "evt_x", attempts: 10 } })
    expect(JSON.stringify(log.lines)).not.toContain("path-secret")
  })

  test("410 ends it at once", async () => {
    hook.receiver.answer = (response) => void response.writeHead(410).end()
    open().record(SIGNED_IN)
    await vi.waitFor(() => expect(log.lines).toHaveLength(1))
    expect(log.lines[0]).toMatchObject({ level: "error", data: { outcome: 410 } })
    expect(await left()).toEqual([])
  })

  test("a redirect is not followed", async () => {
    hook.receiver.answer = (response) =>
      void response.writeHead(307, { location: hook.url.replace("/hook", "/elsewhere") }).end()
    open().record(SIGNED_IN)
    await failed(1)
    expect(hook.received.map(({ path }) => path)).toEqual(["/hook?key=path-secret"])
    expect(log.lines[0]?.data.outcome).toBe(307)
  })

  test("no answer within ten seconds counts as none", async () => {
    hook.receiver.answer = () => {}
    open().record(SIGNED_IN)
    await vi.waitFor(() => expect(hook.received).toHaveLength(1))
    time.pass(9_999)
    await turn()
    expect(log.lines).toEqual([])
    time.pass(1)
    await failed(1)
    expect(log.lines[0]?.data.outcome).toBe("no answer within 10 seconds")
  })

  test("nobody there is told by its code, not by its address", async () => {
    await hook.close()
    open().record(SIGNED_IN)
    await failed(1)
    expect(log.lines.map(({ data }) => data.outcome)).toEqual(["ECONNREFUSED"])
    expect(JSON.stringify(log.lines)).not.toContain("path-secret")
  })

  test("several processes send each event once, all of a burst, and other processes' too", async () => {
    open()
    open({ on: databases.open() })
    const command = open({ on: databases.open(), delivers: false })
    await turn()
    for (let at = 0; at < 60; at++) command.record(SIGNED_IN)
    await command.close()
    for (let at = 0; at < 40; at++) opened[at % 2]?.record(SIGNED_IN)
    await pass(5_000)
    await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000 })
    expect(hook.received).toHaveLength(100)
    expect(new Set(hook.received.map(({ id }) => id)).size).toBe(100)
  })

  test("closing breaks off what is under way; whoever is there then sends it when its lease has ended", async () => {
    hook.receiver.answer = () => {}
    const first = open()
    first.record(SIGNED_IN)
    await vi.waitFor(() => expect(hook.received).toHaveLength(1))
    await first.close()
    hook.receiver.answer = (response) => void response.writeHead(200).end()
    open()
    await pass(19_000)
    expect(hook.received).toHaveLength(1)
    await pass(5_000)
    await vi.waitFor(async () => expect(await left()).toEqual([]))
    expect(hook.received).toHaveLength(2)
  })

  test("an idle server looks no more often than every five seconds", async () => {
    open()
    await vi.waitFor(() => expect(time.nextIn()).toBe(5_000))
  })
})
