// Where the server's time goes: writes a CPU profile of `authchemy` under load on `GET /v1/me`, and prints the functions with most self time. BENCH_STORE: `sqlite`, as where left
// out, or `redis`. The profile opens in a browser's developer tools.
import { renameSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../e2e/processes.ts"
import { startRedis } from "../e2e/start-redis.ts"
import { startAuthchemy } from "./contenders/authchemy.ts"
import { topSelfTimes } from "./cpu-profile.ts"
import { bearer, requestsPerSecond } from "./load.ts"
import { formatFigure } from "./tables.ts"

const FUNCTIONS = 25
const FILE = "authchemy.cpuprofile"

const store = process.env.BENCH_STORE ?? "sqlite"
if (store !== "sqlite" && store !== "redis") throw new Error("BENCH_STORE must be sqlite or redis")
const root = resolve(import.meta.dirname, "..")
const temporary = await temporaryDirectory("bench-profile")
const redis = store === "redis" ? await startRedis() : null
try {
  const authchemy = await startAuthchemy(join(temporary.path, "data"), redis?.url ?? null, {
    NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${temporary.path} --cpu-prof-name=${FILE}`,
  })
  const token = await authchemy.accessToken()
  const microseconds = () => Number(process.hrtime.bigint() / 1000n)
  const from = microseconds()
  const figure = await requestsPerSecond(`${authchemy.server.url}/v1/me`, bearer(token))
  const to = microseconds()
  await authchemy.stop()
  const kept = resolve(`authchemy-${store}.cpuprofile`)
  renameSync(join(temporary.path, FILE), kept)
  console.log(
    `### Self time under \`GET /v1/me\`, ${store} (${formatFigure(figure)} requests/s while profiled)\n`,
  )
  console.log("| | where | ms | share |\n|---|---|---|---|")
  for (const { name, place, ms, share } of topSelfTimes(kept, FUNCTIONS, { from, to }, root)) {
    console.log(`| \`${name}\` | ${place} | ${Math.round(ms)} | ${(share * 100).toFixed(1)} % |`)
  }
  console.log(`\nWhole profile, start-up included: ${kept}`)
} finally {
  await redis?.stop()
  await temporary.remove()
}
process.exit(0)
