import type { Random } from "../packages/tokens/src/revocation/testing/random.ts"
import type { Asked } from "./faulty-world.ts"
import type { RedisProcess } from "./start-redis.ts"

/** Something that goes wrong for a while; resolves when it is over. */
export type Fault = { name: string; happen: () => Promise<void> }

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** All that can go wrong between these, each for a time by chance. */
export function faultsBetween(
  random: Random,
  world: { processes: readonly Asked[]; redis: RedisProcess; replica: RedisProcess | null },
): Fault[] {
  const { processes, redis, replica } = world
  const heldUp = (name: string, target: { freeze(): void; thaw(): void }, most: number): Fault => ({
    name,
    happen: async () => {
      target.freeze()
      await sleep(random.between(20, most))
      target.thaw()
    },
  })
  return [
    heldUp("Redis is held up", redis, 900),
    ...(replica === null ? [] : [heldUp("the replica is held up", replica, 900)]),
    ...processes.flatMap((one) => [
      heldUp(`${one.name} is held up`, signals(one), 1_500),
      ...(one.relay === null ? [] : [heldUp(`${one.name} is cut off`, one.relay, 1_500)]),
      ...(one.restart === null ? [] : [{ name: `${one.name} is killed`, happen: one.restart }]),
    ]),
  ]
}

const signals = ({ pid }: Asked) => ({
  freeze: () => void process.kill(pid(), "SIGSTOP"),
  thaw: () => void process.kill(pid(), "SIGCONT"),
})
