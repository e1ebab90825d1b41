import { afterAll } from "vitest"
import { describeTokenStore } from "../packages/tokens/src/store/contract.ts"
import { openRedisStore } from "../packages/tokens/src/store/redis.ts"
import { startCluster } from "./start-redis-cluster.ts"
import { startSentinel } from "./start-redis-sentinel.ts"

// One Redis server and SQLite: in packages/tokens, beside the stores.
const sentinel = await startSentinel({ replicas: 2 })
const cluster = await startCluster()
afterAll(async () => {
  await sentinel.stop()
  await cluster.stop()
})

describeTokenStore(
  "Redis behind three Sentinels, each revocation on two replicas",
  () => openRedisStore({ url: sentinel.url, replicas: 2 }),
  { modelRuns: 10 },
)

describeTokenStore(
  "Redis Cluster of three primaries and three replicas, each revocation on a replica",
  () => openRedisStore({ url: cluster.url, replicas: 1 }),
  { modelRuns: 10 },
)
