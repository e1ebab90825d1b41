// What the feed costs Redis, on a real one: its own processor time a call, as `INFO commandstats` counts it.
import { randomBytes } from "node:crypto"
import { openStore } from "@authchemy/tokens"
import { connectToRedis } from "@authchemy/tokens/redis"

/** Microseconds of Redis' one thread. */
export type Costs = {
  /** A renewal with nothing new. */
  renewal: number
  /** A renewal that acknowledges an entry, which is pushed to one process that revokes. */
  acknowledgement: number
  /** Appending an entry of one token, without what follows. */
  append: number
  /** What each follower adds to an append: it is listed, and the entry is pushed to it. */
  appendPerFollower: number
}

const ROUNDS = 60
const AT_ONCE = 50
const SUBSCRIBERS = 200

/** Measures with as many followers as connections are quick to make; what a follower adds is taken to be the same for more. */
export async function measureCosts(redisUrl: string): Promise<Costs> {
  const admin = await connectToRedis({ url: redisUrl, scripts: {} })
  const [node] = await admin.primaries()
  if (node === undefined) throw new Error("no Redis")
  const { feed, close } = await openStore({ sqlitePath: "", redisUrl })
  const append = () => feed.append([`AAAA.${randomBytes(32).toString("base64url")}`])
  const followers = Array.from({ length: AT_ONCE }, (_, index) => `follower-${index}`)

  /** Microseconds that Redis spends on scripts for each of some calls at once. */
  const spent = async (calls: (() => Promise<unknown>)[]) => {
    await node.send(["CONFIG", "RESETSTAT"])
    await Promise.all(calls.map((call) => call()))
    const stats = String(await node.send(["INFO", "commandstats"]))
    const found = [...stats.matchAll(/cmdstat_(?:evalsha|eval):calls=\d+,usec=(\d+)/g)]
    return found.reduce((sum, [, microseconds]) => sum + Number(microseconds), 0) / calls.length
  }
  const mean = async (rounds: number, measure: () => Promise<number>) => {
    let sum = 0
    for (let round = 0; round < rounds; round++) sum += await measure()
    return sum / rounds
  }
  const renewAll = (number: number) => followers.map((follower) => () => feed.renew(follower, number))

  try {
    await feed.listenForAcknowledgements(() => {})
    const { number: first } = await append()
    await spent(renewAll(first))
    const renewal = await mean(ROUNDS, () => spent(renewAll(first)))
    const acknowledgement = await mean(ROUNDS, async () => spent(renewAll((await append()).number)))
    for (const follower of followers) await feed.leave(follower)
    const alone = await mean(ROUNDS, () => spent([append]))

    const subscribers = await Promise.all(
      Array.from({ length: SUBSCRIBERS }, async (_, index) => {
        const client = await connectToRedis({ url: redisUrl, scripts: {} })
        await client.subscribe("authchemy:feed", () => {})
        await feed.renew(`subscriber-${index}`, null)
        return client
      }),
    )
    const crowded = await mean(ROUNDS, () => spent([append]))
    await Promise.all(subscribers.map((client) => client.close()))
    const appendPerFollower = Math.max(0, crowded - alone) / SUBSCRIBERS
    return { renewal, acknowledgement, append: alone, appendPerFollower }
  } finally {
    await feed.close()
    await close()
    await admin.close()
  }
}
