import { endedSession } from "../../sessions.ts"
import type { Revocation, SessionRecord } from "../../store/store.ts"
import type { FeedEntry, FeedNews, Followers, Following, Renewal } from "../feed-transport.ts"

/** What a store keeps, as plain data, so that a replica can have an earlier state of it. */
type State = {
  sessions: Map<string, SessionRecord>
  /** What has ended and is not known to be forgotten everywhere, by its item. */
  tombstones: Map<string, SessionRecord | null>
  feed: FeedState
}

type FeedState = { began: number; last: number; entries: FeedEntry[]; followers: Map<string, Following> }

/** A step at the store: it happens as a whole, and the same again at a replica. */
type Step<Result> = (state: State) => Result

/** The faults that a simulated store may be built with. */
export type StoreMutation = {
  /** After a failover the numbers of the feed go on where the replica has them, so that one number can mean two entries. */
  numbersGoOn?: boolean
}

/** What is pushed, and to whom; it may get lost. */
export type Push =
  | { kind: "news"; news: FeedNews }
  | { kind: "acknowledged"; follower: string; number: number }

/** A primary with its feed, and one replica that follows it a little later. */
export type SimulatedStore = {
  /** Another one after each failover. */
  epoch(): number
  /** How many steps that write there were, and how many of them the replica has. */
  written(): number
  replicated(): number
  /** The replica takes the next step. */
  replicateOne(): void
  /** The replica becomes the primary: what it has not taken is lost. */
  failOver(): void
  /** The feed is lost with its followers; the sessions stay. */
  loseFeed(): void
  has(digest: string): boolean
  sessions: {
    create(session: SessionRecord): void
    find(digest: string): SessionRecord | null
    end(isMeant: (session: SessionRecord) => boolean): Revocation
    reassert(items: readonly string[]): void
    settle(items: readonly string[]): void
  }
  feed: {
    renew(follower: string, acknowledged: number | null): Renewal
    append(items: readonly string[]): { number: number; followers: Followers; began: number }
    followers(): Followers
    drop(followers: Followers): void
    leave(follower: string): void
  }
}

/** @param push told of what is pushed */
export function createSimulatedStore(
  push: (push: Push) => void,
  mutation: StoreMutation = {},
): SimulatedStore {
  let primary: State = { sessions: new Map(), tombstones: new Map(), feed: emptyFeed(1_000) }
  let replica: State = structuredClone(primary)
  let backlog: Step<unknown>[] = []
  let epoch = 1
  let written = 0

  const write = <Result>(step: Step<Result>): Result => {
    written++
    backlog.push(step)
    return step(primary)
  }
  const pushEntry = (number: number, items: readonly string[]) =>
    push({ kind: "news", news: { kind: "appended", entry: { number, items } } })
  const beginAnew = (state: State) => {
    // Numbers of another epoch never meet those of this one.
    const last = Math.max(primary.feed.last, state.feed.last) + 1_000
    state.feed.last = last
    state.feed.began = last
  }

  return {
    epoch: () => epoch,
    written: () => written,
    replicated: () => written - backlog.length,
    replicateOne: () => void backlog.shift()?.(replica),
    failOver: () => {
      if (!mutation.numbersGoOn) beginAnew(replica)
      primary = replica
      replica = structuredClone(primary)
      backlog = []
      epoch++
    },
    loseFeed: () => {
      const began = primary.feed.last + 1_000
      write((state) => {
        state.feed = emptyFeed(began)
      })
    },
    has: (digest) => primary.sessions.has(digest),
    sessions: {
      create: (session) => write(({ sessions }) => void sessions.set(session.digest, session)),
      find: (digest) => primary.sessions.get(digest) ?? null,
      end: (isMeant) => {
        const revocation = write((state) => end(state, isMeant))
        const { items } = revocation
        if (items.length > 0) push({ kind: "news", news: { kind: "items", items } })
        return revocation
      },
      reassert: (items) => {
        const before = primary.feed.last
        const ended = write((state) => reassert(state, items))
        if (ended.length > 0) pushEntry(before + 1, ended)
      },
      settle: (items) =>
        write(({ tombstones }) => {
          for (const item of items) tombstones.delete(item)
        }),
    },
    feed: {
      renew: (follower, acknowledged) => {
        const { renewal, number } = write(({ feed }) => renew(feed, follower, acknowledged))
        push({ kind: "acknowledged", follower, number })
        return { ...renewal, epoch: String(epoch) }
      },
      append: (items) => {
        const appended = write(({ feed }) => append(feed, items))
        pushEntry(appended.number, items)
        return appended
      },
      followers: () => new Map(primary.feed.followers),
      drop: (lapsed) => write(({ feed }) => drop(feed, lapsed)),
      leave: (follower) => write(({ feed }) => void feed.followers.delete(follower)),
    },
  }
}

/** The name of a session's token in the feed. */
export const itemOf = ({ tag, digest }: SessionRecord) => `${tag}.${digest}`

function emptyFeed(began: number): FeedState {
  return { began, last: began, entries: [], followers: new Map() }
}

function end({ sessions, tombstones }: State, isMeant: (session: SessionRecord) => boolean): Revocation {
  const unsettled = [...tombstones.values()].filter((session) => session !== null && isMeant(session))
  const ended = [...sessions.values()].filter(isMeant)
  for (const session of ended) {
    sessions.delete(session.digest)
    tombstones.set(itemOf(session), session)
  }
  const items = [...unsettled, ...ended].flatMap((session) => (session === null ? [] : [itemOf(session)]))
  return { sessions: ended.map(endedSession), items, unsettled: false }
}

/** What this ends is told by the feed as well: it may have been read, and kept, since it came back. */
function reassert(state: State, items: readonly string[]): readonly string[] {
  const { sessions, tombstones, feed } = state
  const again = new Set(items)
  const ended = [...sessions.values()].filter((session) => again.has(itemOf(session))).map(itemOf)
  end(state, (session) => again.has(itemOf(session)))
  for (const item of items) if (!tombstones.has(item)) tombstones.set(item, null)
  if (ended.length > 0) append(feed, ended)
  return ended
}

function renew(feed: FeedState, follower: string, acknowledged: number | null) {
  const { last, began } = feed
  let number = acknowledged ?? last
  const first = feed.entries[0]?.number ?? last + 1
  const isGap = number > last || (number < last && number + 1 < first)
  const entries = isGap ? null : feed.entries.filter((entry) => entry.number > number)
  if (isGap) number = 0
  const { renewals = 0 } = feed.followers.get(follower) ?? {}
  feed.followers.set(follower, { acknowledged: number, renewals: renewals + 1 })
  return { renewal: { last, began, entries }, number }
}

function append(feed: FeedState, items: readonly string[]) {
  feed.last++
  feed.entries.push({ number: feed.last, items })
  return { number: feed.last, began: feed.began, followers: new Map(feed.followers) }
}

function drop(feed: FeedState, lapsed: Followers) {
  for (const [follower, { acknowledged, renewals }] of lapsed) {
    const now = feed.followers.get(follower)
    if (now?.acknowledged === acknowledged && now.renewals === renewals) feed.followers.delete(follower)
  }
}
