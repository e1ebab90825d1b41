import { watch } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { openRedisGate } from "./oauth-redis-gate.ts"
import { approvedCode, askForTokens, sessionIdsOf, signedIn, type TokenAnswer } from "./oauth-requests.ts"
import { createOAuthWorld, type OAuthWorld } from "./oauth-world.ts"
import { onRedis, statusWith } from "./people.ts"
import { startServer } from "./processes.ts"

const LOST = "the connection ended without an answer"
const orLost = (asking: Promise<TokenAnswer>) => asking.catch(() => LOST)

/**
 * After a first redemption that may have been cut off: the code gives at most one token in all, and Ada can sign in again. Gives what happened,
 * in words, and leaves no session behind.
 */
async function judge(world: OAuthWorld, form: Record<string, string>, first: TokenAnswer | string) {
  const second = await askForTokens(world.server, form)
  const granted = [first, second].filter((answer) => typeof answer !== "string" && answer.status === 200)
  expect(granted.length).toBeLessThanOrEqual(1)

  const anew = await signedIn(world)
  expect(await statusWith(world.server, anew.access_token)).toBe(200)
  // The new session, and that of the code where only its second redemption won. One whose answer was lost has ended with the replay.
  const sessions = await sessionIdsOf(world.server, anew.access_token)
  expect(sessions).toHaveLength(second.status === 200 ? 2 : 1)
  await fetch(`${world.server.url}/v1/sessions`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${anew.access_token}` },
  })
  return `${first === LOST ? "lost" : "answered"}, then ${second.error ?? second.status}`
}

test.concurrent("S27 kill -9 at each answer of Redis while a code is redeemed: never two tokens, and a new sign-in works", async () => {
  const world = await createOAuthWorld("oauth-killed", onRedis(23))
  const env = { AUTHCHEMY_CLIENTS_FILE: world.server.env.AUTHCHEMY_CLIENTS_FILE ?? "" }
  const { dataDirectory } = world.server
  const outcomes: string[] = []
  try {
    for (let answered = 0; ; answered++) {
      const gate = await openRedisGate(onRedis(23).AUTHCHEMY_REDIS_URL)
      const doomed = await startServer({ dataDirectory, env: { ...env, AUTHCHEMY_REDIS_URL: gate.url } })
      const form = await approvedCode(world)
      const kept = gate.keepBackAfter(answered)
      const asking = orLost(askForTokens(doomed, form))
      const first = await Promise.race([asking, kept.then(() => doomed.stop("SIGKILL")).then(() => asking)])
      await doomed.stop("SIGKILL")
      await gate.stop()
      outcomes.push(await judge(world, form, first))
      if (first !== LOST) break
    }
  } finally {
    await world.remove()
  }
  expect(outcomes).toContain("lost, then 200")
  expect(outcomes).toContain("lost, then invalid_grant")
  expect(outcomes.at(-1)).toBe("answered, then invalid_grant")
})

test.concurrent("S27 kill -9 as soon as SQLite has written a redemption: never two tokens, and a new sign-in works", async () => {
  const world = await createOAuthWorld("oauth-killed-sqlite")
  const { dataDirectory, env, port } = world.server
  const log = join(dataDirectory, "authchemy.db-wal")
  const start = () => startServer({ dataDirectory, env, port })
  try {
    for (let round = 0; round < 3; round++) {
      const form = await approvedCode(world)
      const { promise: written, resolve } = Promise.withResolvers<void>()
      const watcher = watch(log, () => resolve())
      const asking = orLost(askForTokens(world.server, form))
      await Promise.race([written, asking])
      await world.server.stop("SIGKILL")
      watcher.close()
      const first = await asking
      world.server = await start()
      expect(["lost, then 200", "lost, then invalid_grant", "answered, then invalid_grant"]).toContain(
        await judge(world, form, first),
      )
    }
  } finally {
    await world.remove()
  }
})
