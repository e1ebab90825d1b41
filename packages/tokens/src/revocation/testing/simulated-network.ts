import { StoreUnavailableError } from "../../errors.ts"
import type { SessionSource } from "../../verifier.ts"
import type { FeedNews, FeedTransport } from "../feed-transport.ts"
import type { Random } from "./random.ts"
import {
  createSimulatedStore,
  type Push,
  type SimulatedStore,
  type StoreMutation,
} from "./simulated-store.ts"
import type { VirtualProcess, VirtualTime } from "./virtual-time.ts"

/** How long a process waits for the store. */
const LIMIT_MS = 500
/** How long replicas may take to have a revocation. */
const REPLICATION_LIMIT_MS = 400
/** Of what is pushed, so much is lost: nothing may depend on it. */
const LOST_PUSHES = 0.4
/** Of all messages, so much takes long. */
const SLOW_MESSAGES = 0.07

/** How one process reaches the store: what a `TokenStore` does, over a network that delays, reorders and loses. */
export type SimulatedLink = {
  transport: FeedTransport
  source: SessionSource
  /** A request of any kind; its step happens at the store at one moment, or never. @throws StoreUnavailableError */
  request<Result>(step: (store: SimulatedStore) => Result): Promise<Result>
}

/** A store, and the network between it and the processes. */
export type SimulatedNetwork = {
  store: SimulatedStore
  connect(name: number, process: VirtualProcess): SimulatedLink
  /** Whatever is under way or begins on a process's link within this time is lost. */
  freezeLink(name: number, ms: number): void
  /** Messages on a process's link take this long, one way. */
  slowLink(name: number, oneWayMs: number): void
  /** The store does nothing for a while. */
  freezeStore(ms: number): void
  /** The replica takes nothing for a while. */
  stallReplication(ms: number): void
  /** The primary is gone with all connections; the replica is the primary. */
  failOver(): void
  /** From now on nothing fails, and all messages are quick. */
  calm(): void
}

type Link = { frozenUntil: number; oneWayMs: number }

/** @param options.replicas 1: a revocation is fenced, 0: it is not */
export function createSimulatedNetwork(options: {
  time: VirtualTime
  random: Random
  replicas: 0 | 1
  mutation?: StoreMutation | undefined
}): SimulatedNetwork {
  const { time, random, replicas } = options
  const links = new Map<number, Link>()
  const listeners = new Set<(push: Push) => void>()
  let storeFrozenUntil = 0
  let replicationStalledUntil = 0
  let isCalm = false
  const store = createSimulatedStore((push) => {
    for (const listener of listeners) listener(push)
  }, options.mutation)

  const linkOf = (name: number): Link => {
    const link = links.get(name) ?? { frozenUntil: 0, oneWayMs: 0 }
    links.set(name, link)
    return link
  }

  /** Mostly quick, sometimes not; `null`: it is lost. */
  const delay = (link: Link): number | null => {
    if (isCalm) return random.between(0.1, 4)
    if (link.frozenUntil > time.now() || random.chance(0.003)) return null
    return link.oneWayMs + (random.chance(SLOW_MESSAGES) ? random.between(0, 700) : random.between(0.1, 4))
  }

  const replicate = (upTo: number) => {
    if (time.now() < replicationStalledUntil)
      return time.after(replicationStalledUntil - time.now(), () => replicate(upTo))
    while (store.replicated() < upTo) store.replicateOne()
  }

  const connect = (name: number, process: VirtualProcess): SimulatedLink => {
    const link = linkOf(name)

    const request = <Result>(step: (store: SimulatedStore) => Result): Promise<Result> =>
      new Promise((resolve, reject) => {
        const fail = (reason: string) => reject(new StoreUnavailableError(new Error(reason)))
        setTimeout(() => fail("no answer in time"), LIMIT_MS)
        const epoch = store.epoch()
        const arrive = () => {
          if (storeFrozenUntil > time.now()) return time.after(storeFrozenUntil - time.now(), arrive)
          // The connection went with the server that it led to.
          if (store.epoch() !== epoch) return time.after(1, () => fail("the connection is lost"), process)
          const before = store.written()
          const result = step(store)
          const upTo = store.written()
          if (upTo > before) time.after(random.between(0.1, 10), () => replicate(upTo))
          const back = delay(link)
          if (back !== null) time.after(back, () => resolve(result), process)
        }
        const there = delay(link)
        if (there !== null) time.after(there, arrive)
      })

    /** As `WAIT` does. */
    const fence = async (items: readonly string[]): Promise<void> => {
      const { epoch, written } = await request((to) => {
        to.sessions.reassert(items)
        return { epoch: to.epoch(), written: to.written() }
      })
      const end = process.clock.monotonic() + REPLICATION_LIMIT_MS
      while (process.clock.monotonic() < end) {
        const has = await request((to) => to.epoch() === epoch && to.replicated() >= written)
        if (has) return
        if (store.epoch() !== epoch) break
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      throw new StoreUnavailableError(new Error("the replica does not have it"))
    }

    const hear = (listener: (push: Push) => void) => {
      listeners.add((push) => {
        const after = !isCalm && random.chance(LOST_PUSHES) ? null : delay(link)
        if (after !== null) time.after(after, () => listener(push), process)
      })
    }

    return {
      request,
      source: {
        findSession: async (_tag, digest, now) => {
          const found = await request(({ sessions }) => sessions.find(digest))
          return found !== null && found.expiresAt > now ? found : null
        },
        touchSession: async () => {},
      },
      transport: {
        renew: (follower, acknowledged) => request(({ feed }) => feed.renew(follower, acknowledged)),
        leave: (follower) => request(({ feed }) => feed.leave(follower)),
        reassert: (items) => request(({ sessions }) => sessions.reassert(items)),
        replicate: async (items) => {
          if (replicas > 0) await fence(items)
        },
        append: (items) => request(({ feed }) => feed.append(items)),
        followers: () => request(({ feed }) => feed.followers()),
        drop: (followers) => request(({ feed }) => feed.drop(followers)),
        settle: (items) => request(({ sessions }) => sessions.settle(items)),
        listen: async (listener: (news: FeedNews) => void) =>
          hear((push) => push.kind === "news" && listener(push.news)),
        listenForAcknowledgements: async (listener) =>
          hear((push) => push.kind === "acknowledged" && listener(push.follower, push.number)),
        close: async () => {},
      },
    }
  }

  return {
    store,
    connect,
    freezeLink: (name, ms) => {
      linkOf(name).frozenUntil = Math.max(linkOf(name).frozenUntil, time.now() + ms)
    },
    slowLink: (name, oneWayMs) => {
      linkOf(name).oneWayMs = oneWayMs
    },
    freezeStore: (ms) => {
      storeFrozenUntil = Math.max(storeFrozenUntil, time.now() + ms)
    },
    stallReplication: (ms) => {
      replicationStalledUntil = Math.max(replicationStalledUntil, time.now() + ms)
    },
    failOver: () => store.failOver(),
    calm: () => {
      storeFrozenUntil = replicationStalledUntil = time.now()
      isCalm = true
    },
  }
}
