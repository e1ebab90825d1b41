/**
 * One step of the feed. An item is something that processes keep in memory and have to forget: a token's revocation handle
 * (`<tag>.<digest>`), or another name without a space, such as `account:<id>`.
 */
export type FeedEntry = { number: number; items: readonly string[] }

/** Up to which number a follower has forgotten what was revoked, and how often it has renewed its lease. */
export type Following = { acknowledged: number; renewals: number }

/** Who may hold what was revoked in memory. */
export type Followers = ReadonlyMap<string, Following>

/** What is pushed: a hint that spares waiting for the next renewal. None is relied on. */
export type FeedNews =
  | { kind: "items"; items: readonly string[] }
  | { kind: "appended"; entry: FeedEntry | null }

/** What a renewal tells. */
export type Renewal = {
  /** Another text than before: what was written last may have been lost (a failover, a restart). */
  epoch: string
  /** The last number of the feed. */
  last: number
  /** What comes after the number that was acknowledged, in order and without a gap, though maybe not all of it; `null` where there is a gap. */
  entries: readonly FeedEntry[] | null
  /** Both as `FeedTransport.append` says them. */
  began?: number | undefined
  begunMsAgo?: number | undefined
  /** For how many milliseconds memory may be trusted, counted from when this was asked for; left out: `LEASE_MS`. 0: only after another renewal. */
  leaseMs?: number | undefined
}

/**
 * How a follower is told. A renewal is one atomic step where the feed is kept: it comes before an appended entry, and then the entry finds the follower and its number; or after it, and then it
 * tells the entry. Each call rejects with `StoreUnavailableError` where nothing is known.
 */
export interface FollowerTransport {
  /**
   * Registers a follower, or renews it.
   * @param acknowledged the number up to which it has forgotten what was revoked; `null`: it holds nothing at all
   */
  renew(follower: string, acknowledged: number | null): Promise<Renewal>
  /** Strikes out a follower that holds nothing any more. */
  leave(follower: string): Promise<void>
  /**
   * Ends the tokens of these items once more, in a store that may have lost it. Those that it does end are appended to the feed as well: since they came back, somebody may have read them,
   * and keep them.
   */
  reassert(items: readonly string[]): Promise<void>
  /** Begins to tell the listener what is pushed. */
  listen(listener: (news: FeedNews) => void): Promise<void>
  close(): Promise<void>
}

/** How somebody who revokes tells all followers, and learns that they know. */
export interface FeedTransport extends FollowerTransport {
  /** Resolves when as many replicas as are asked for know that these have ended. */
  replicate(items: readonly string[]): Promise<void>
  /**
   * Appends an entry, unless that was done in one step with what it tells of, and says the number that followers have to reach, and who follows. `began` is the number after which the feed began, or
   * began anew where its last entries or followers may have been lost; no number of before comes again; `begunMsAgo` how long ago that was by the store's own clock. Left out where nothing is ever lost.
   */
  append(items: readonly string[]): Promise<{
    number: number
    followers: Followers
    began?: number | undefined
    begunMsAgo?: number | undefined
  }>
  followers(): Promise<Followers>
  /** Strikes out followers whose leases have run out, each unless it has renewed since it was found to be at this. */
  drop(followers: Followers): Promise<void>
  /** Notes that nobody keeps these items in memory any more. */
  settle(items: readonly string[]): Promise<void>
  /** Begins to tell the listener who acknowledges. It is a hint, too. */
  listenForAcknowledgements(listener: (follower: string, acknowledged: number) => void): Promise<void>
}
