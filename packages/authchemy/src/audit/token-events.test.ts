import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createTokenService, InvalidGrantError, openStore, type TokenService } from "@authchemy/tokens"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { AuditEvent, Origin } from "./events.ts"
import { currentOrigin, withOrigin } from "./origin.ts"
import { BROWSER } from "./testing.ts"
import { recordTokenEvents } from "./token-events.ts"

let directory: string
let tokens: TokenService
let recorded: (AuditEvent & { origin: Origin })[]
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "authchemy-token-events-"))
  const store = await openStore({ sqlitePath: join(directory, "authchemy.db"), redisUrl: null })
  recorded = []
  const record = (event: AuditEvent) => void recorded.push({ ...event, origin: currentOrigin() })
  tokens = createTokenService({ store, observe: recordTokenEvents({ record }) })
})
afterEach(async () => {
  await tokens.close()
  await rm(directory, { recursive: true })
})

const grant = { accountId: "ada", clientId: "my-cli", scopes: [], device: { name: "ann-laptop" } }
const issueCode = () =>
  tokens.issueCode({ ...grant, redirectUri: "http://127.0.0.1:1/", codeChallenge: null })
const redeem = (code: string) =>
  tokens.redeemCode({
    ...{ code, clientId: "my-cli", redirectUri: "http://127.0.0.1:1/", codeVerifier: null },
    ...{ expiresInSeconds: 600, device: {} },
  })

test("a sign-in and a replayed code are told, each with the origin of its call, and no code or token is", async () => {
  const code = await withOrigin(BROWSER, issueCode)
  const program: Origin = { actor: "program", address: "192.0.2.8", agent: "alchemy-cli/1.0.0" }
  const { token, session } = await withOrigin(program, () => redeem(code))
  await expect(withOrigin(program, () => redeem(code))).rejects.toThrow(InvalidGrantError)
  const about = { accountId: "ada", clientId: "my-cli", device: { name: "ann-laptop" } }
  const approvalId = recorded[0]?.details?.approvalId
  expect(recorded).toEqual([
    {
      type: "approval.granted",
      ...about,
      details: {
        approvalId: expect.stringMatching(/^[\w-]{16}$/),
        expiresAt: expect.stringMatching(/^20.*Z$/),
      },
      origin: BROWSER,
    },
    {
      type: "token.issued",
      ...about,
      sessionId: session.id,
      details: { approvalId, refreshable: false },
      origin: program,
    },
    {
      type: "token.revoked",
      ...about,
      sessionId: session.id,
      details: { reason: "code_replayed" },
      origin: program,
    },
  ])
  expect(JSON.stringify(recorded)).not.toContain(code.slice(-20))
  expect(JSON.stringify(recorded)).not.toContain(token.slice(-20))
})

test("refreshing is told, and ending all tells of each session", async () => {
  const issued = { ...grant, scopes: ["offline_access" as const], expiresInSeconds: 600 }
  const first = await tokens.createSession(issued)
  const second = await tokens.createSession(issued)
  await tokens.refresh({
    ...{ refreshToken: first.refreshToken ?? "", clientId: "my-cli", scopes: null },
    ...{ keyThumbprint: null, mayChangeKey: false },
  })
  await tokens.revokeSessions("ada")
  expect(recorded.map(({ type }) => type)).toEqual([
    ...["token.issued", "token.issued", "token.refreshed", "token.revoked", "token.revoked"],
  ])
  expect(recorded[0]?.details).toEqual({ refreshable: true })
  expect(recorded[2]?.sessionId).toBe(first.session.id)
  expect(new Set(recorded.slice(3).map(({ sessionId }) => sessionId))).toEqual(
    new Set([first.session.id, second.session.id]),
  )
  expect(recorded[3]?.details).toEqual({ reason: "revoked" })
})

test("approvals that were taken back are told once, and none where none waited", async () => {
  await issueCode()
  await issueCode()
  recorded = []
  await withOrigin(BROWSER, () => tokens.revokeSessions("ada"))
  await tokens.revokeSessions("ada")
  expect(recorded).toEqual([
    { type: "approvals.voided", accountId: "ada", details: { count: 2 }, origin: BROWSER },
  ])
})

test("a denial is told", async () => {
  const { record } = { record: (event: AuditEvent) => void recorded.push({ ...event, origin: BROWSER }) }
  const { accountId, clientId, device } = grant
  recordTokenEvents({ record })({ type: "denied", accountId, clientId, device })
  expect(recorded).toEqual([{ type: "approval.denied", accountId, clientId, device, origin: BROWSER }])
})
