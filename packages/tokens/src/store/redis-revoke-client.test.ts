import { expect, inject, onTestFinished, test } from "vitest"
import { createTokenService } from "../token-service.ts"
import { openRedisStore } from "./redis.ts"

const url = inject("redisUrl")
const GRANT = { clientId: "deploy-tool", scopes: [], device: {}, expiresInSeconds: 600 } as const

async function openService(prefix: string) {
  const store = await openRedisStore({ url, prefix })
  const tokens = createTokenService({ store })
  onTestFinished(tokens.close)
  return { store, tokens }
}

test("what has another prefix is left alone, though the prefix be a pattern that fits it", async () => {
  const base = `test-revoke-client-${process.pid}-${Date.now()}`
  const [mine, other] = [await openService(`${base}[ab]*:`), await openService(`${base}a:`)]
  const ended = await mine.tokens.createSession({ ...GRANT, accountId: "ada" })
  const spared = await other.tokens.createSession({ ...GRANT, accountId: "grace" })
  expect(await mine.tokens.revokeClient("deploy-tool")).toBe(1)
  expect(await mine.tokens.verify(ended.token)).toBeNull()
  expect(await other.tokens.verify(spared.token)).not.toBeNull()
})

test("a batch is a hundred tags, and the next one does not begin before it is asked for", async () => {
  const { store, tokens } = await openService(`test-revoke-client-batches-${process.pid}-${Date.now()}:`)
  const accounts = Array.from({ length: 150 }, (_, index) => `account-${index}`)
  await Promise.all(accounts.map((accountId) => tokens.createSession({ ...GRANT, accountId })))
  const living = async () => (await Promise.all(accounts.map(tokens.listSessions))).flat().length
  let left = accounts.length
  for await (const { sessions, items } of store.revokeClient("deploy-tool", Date.now())) {
    expect(sessions.length).toBeLessThanOrEqual(100)
    expect(items.length).toBeGreaterThanOrEqual(sessions.length)
    left -= sessions.length
    expect(await living()).toBe(left)
  }
  expect(left).toBe(0)
})
