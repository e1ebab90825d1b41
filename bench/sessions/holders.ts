import { startChild } from "./child.ts"

/** A process that verifies tokens and holds their sessions in memory. */
export type Holder = {
  /** Whether it accepts a token. */
  accepts(token: string): Promise<boolean>
  stop(): Promise<void>
}

/** Starts one on Redis. */
export async function startHolder(redisUrl: string): Promise<Holder> {
  const { ask, stop } = await startChild<{ token: string }, boolean>("holder.ts", redisUrl)
  return { accepts: (token) => ask({ token }), stop }
}
