import { FOLLOWERS_PER_CLIENT, WIRE_ERRORS } from "@authchemy/protocol"
import type { TokenService } from "@authchemy/tokens"
import { RequestRefused } from "../../middleware/request-refused.ts"

/** Keeps a client from having more followers than sign-outs can be expected to wait for. */
export type FollowerLimit = {
  /** @throws RequestRefused 429 where the client has too many others that live */
  admit(clientId: string, follower: string): Promise<void>
}

/** How many followers are remembered as admitted. */
const REMEMBERED = 10_000

/**
 * Whoever is new to this process is looked up among the followers that the store knows. Where they are too many, an announcement strikes out those that are gone, as every one does; those that are left live.
 * @param tokens announces, and lists who follows
 */
export function createFollowerLimit(tokens: {
  relay: Pick<TokenService["relay"], "followers">
  announce: TokenService["announce"]
}): FollowerLimit {
  const admitted = new Set<string>()
  const sweeps = new Map<string, Promise<void>>()

  const isFull = async (clientId: string, follower: string) => {
    const followers = [...(await tokens.relay.followers()).keys()]
    const own = followers.filter((id) => id.startsWith(`${clientId}:`))
    return own.length >= FOLLOWERS_PER_CLIENT && !own.includes(follower)
  }

  /** One at a time for a client. A resource server's own name stands for nothing that anybody holds a session of. */
  const sweep = (clientId: string) => {
    const running = sweeps.get(clientId)
    if (running !== undefined) return running
    const started = tokens.announce([`client:${clientId}`]).finally(() => sweeps.delete(clientId))
    sweeps.set(clientId, started)
    return started
  }

  return {
    admit: async (clientId, follower) => {
      if (admitted.has(follower)) return
      if (await isFull(clientId, follower)) {
        await sweep(clientId)
        if (await isFull(clientId, follower)) throw tooMany()
      }
      if (admitted.size >= REMEMBERED) admitted.clear()
      admitted.add(follower)
    },
  }
}

function tooMany(): RequestRefused {
  const sentence = `A client has at most ${FOLLOWERS_PER_CLIENT} followers. Register the others as another client.`
  return new RequestRefused(429, WIRE_ERRORS.rateLimited, sentence, { "Retry-After": "60" })
}
