import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Database, openDatabase } from "../database/database.ts"
import { migrations } from "../database/migrations.ts"
import type { DatabaseUnderTest } from "../database/testing.ts"
import type { AuditEvent, Origin } from "./events.ts"
import type { Timer } from "./timer.ts"

export const START = Date.UTC(2026, 10, 23, 22, 5)
export const BROWSER: Origin = { actor: "browser", address: "192.0.2.7", agent: "Firefox" }
export const SIGNED_IN: AuditEvent = {
  type: "sign_in.succeeded",
  accountId: "ada",
  details: { method: "password" },
}

/** A database with the audit log's tables and no others. Each `open` is another process's view of it. */
export async function openAuditDatabases(under: DatabaseUnderTest): Promise<{
  open(): Database
  close(): Promise<void>
}> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-audit-"))
  const location = await under.create(directory)
  const opened: Database[] = []
  const open = () => {
    const database = openDatabase(location)
    opened.push(database)
    return database
  }
  await migrations["004-audit-log"]?.up(open())
  return {
    open,
    close: async () => {
      await Promise.all(opened.map((database) => database.destroy()))
      await rm(directory, { recursive: true })
    },
  }
}

/** Time that passes when it is told to. */
export type VirtualTime = {
  now: () => number
  timer: Timer
  /** Lets time pass: what is due by then runs in its order. */
  pass(ms: number): void
  /** How long until the next is due, in milliseconds; `null`: nothing waits. */
  nextIn(): number | null
}

export function createVirtualTime(): VirtualTime {
  let time = START
  let waiting: { at: number; work: () => void }[] = []
  const next = () => waiting.toSorted((a, b) => a.at - b.at)[0]
  return {
    now: () => time,
    timer: (work, ms) => {
      const entry = { at: time + ms, work }
      waiting.push(entry)
      return () => {
        waiting = waiting.filter((other) => other !== entry)
      }
    },
    pass: (ms) => {
      const end = time + ms
      for (let due = next(); due !== undefined && due.at <= end; due = next()) {
        const { at, work } = due
        waiting = waiting.filter((other) => other !== due)
        time = Math.max(time, at)
        work()
      }
      time = end
    },
    nextIn: () => {
      const due = next()
      return due === undefined ? null : due.at - time
    },
  }
}

/** What a logger was told, a line a call: its level, what it was given, the sentence. */
export function createTestLogger() {
  const lines: { level: string; data: Record<string, unknown>; sentence: string }[] = []
  const at = (level: string) => (data: unknown, sentence?: string) => {
    lines.push({ level, data: data as Record<string, unknown>, sentence: sentence ?? "" })
  }
  return { lines, logger: { info: at("info"), warn: at("warn"), error: at("error") } }
}
