import { StoreUnavailableError } from "../errors.ts"
import type { RedisClient, RedisNode, Scripts } from "./redis-client.ts"

/** How many keys Redis looks at in one step: a millisecond or less of its time. */
const STEP_KEYS = 1_000
/** Where a slot moves to a server that has been looked through, its keys were on their way in one pass only. */
const CLUSTER_PASSES = 2

/**
 * The keys that fit a pattern, page by page: every one that is there all the time, some perhaps more than once. Looks through every primary.
 * @param pattern as `SCAN` takes it; see `literal`
 * @throws StoreUnavailableError also where another server has taken over, or one was started anew, meanwhile: where its keys stand nobody knows
 */
export async function* scanKeys(
  client: Pick<RedisClient<Scripts>, "primaries">,
  pattern: string,
): AsyncGenerator<readonly string[]> {
  const primaries = await client.primaries()
  const before = await statesOf(primaries)
  const passes = primaries.length > 1 ? CLUSTER_PASSES : 1
  for (let pass = 0; pass < passes; pass++) {
    for (const primary of primaries) yield* scanPrimary(primary, pattern)
  }
  if ((await statesOf(await client.primaries())) === before) return
  throw new StoreUnavailableError(new Error("Redis was replaced or started anew while its keys were listed"))
}

/** A text as `SCAN … MATCH` takes it literally. */
export function literal(text: string): string {
  return text.replace(/[\\*?[\]]/g, "\\$&")
}

async function* scanPrimary(primary: RedisNode, pattern: string): AsyncGenerator<readonly string[]> {
  let cursor = "0"
  do {
    const reply = await primary.send(["SCAN", cursor, "MATCH", pattern, "COUNT", String(STEP_KEYS)])
    const [next, keys] = reply as [string, string[]]
    cursor = String(next)
    yield keys
  } while (cursor !== "0")
}

/** What changes wherever another process answers: a cursor is worth nothing to it. */
async function statesOf(primaries: readonly RedisNode[]): Promise<string> {
  const states = await Promise.all(
    primaries.map(async (primary) => {
      const info = String(await primary.send(["INFO"]))
      const fields = [/^run_id:(\w+)/m, /^role:(\w+)/m, /^master_replid:(\w+)/m]
      return fields.map((field) => field.exec(info)?.[1]).join(" ")
    }),
  )
  return states.sort().join("\n")
}
