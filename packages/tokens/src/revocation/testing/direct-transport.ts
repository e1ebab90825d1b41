import type { FeedNews, FeedTransport } from "../feed-transport.ts"
import { createSimulatedStore, type Push } from "./simulated-store.ts"

/** A store without a network, to which any number of processes connect; what is pushed comes at once, or not at all. */
export function createDirectStore() {
  const listeners = new Set<(push: Push) => void>()
  const state = { pushes: true, isUp: true }
  const store = createSimulatedStore((push) => {
    if (state.pushes) for (const listener of [...listeners]) listener(push)
  })
  const up = <Result>(step: () => Result): Promise<Result> =>
    state.isUp ? Promise.resolve(step()) : Promise.reject(new Error("the store is away"))

  const connect = (): FeedTransport & { readonly renewals: (number | null)[] } => {
    const renewals: (number | null)[] = []
    return {
      /** What was acknowledged by each renewal. */
      renewals,
      renew: (follower, acknowledged) => {
        renewals.push(acknowledged)
        return up(() => store.feed.renew(follower, acknowledged))
      },
      leave: (follower) => up(() => store.feed.leave(follower)),
      reassert: (items) => up(() => store.sessions.reassert(items)),
      replicate: () => up(() => {}),
      append: (items) => up(() => store.feed.append(items)),
      followers: () => up(() => store.feed.followers()),
      drop: (followers) => up(() => store.feed.drop(followers)),
      settle: (items) => up(() => store.sessions.settle(items)),
      listen: async (listener: (news: FeedNews) => void) => {
        listeners.add((push) => push.kind === "news" && listener(push.news))
      },
      listenForAcknowledgements: async (listener) => {
        listeners.add((push) => push.kind === "acknowledged" && listener(push.follower, push.number))
      },
      close: async () => {},
    }
  }
  return { store, state, connect }
}
