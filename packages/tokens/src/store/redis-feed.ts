import type { FeedNews, FeedTransport, Followers, Following } from "../revocation/feed-transport.ts"
import { connectFeed, fieldsFrom, type RedisConnection } from "./redis-connection.ts"
import type { TagKeys } from "./redis-records.ts"
import type { OnReplicas } from "./redis-replicas.ts"

/** How many digests one call of a script takes. */
const DIGESTS = 500

/**
 * The feed on Redis, on a connection of its own: nothing that the store does holds up a renewal.
 * @param options.connection the store's own, for what is done to sessions
 * @param options.keys of the accounts with a tag
 * @param options.replicated waits for the store's replicas
 * @throws StoreUnavailableError
 */
export async function createRedisFeed(options: {
  url: string
  prefix: string
  connection: RedisConnection
  keys: TagKeys
  replicated: OnReplicas
  onError: ((error: Error) => void) | undefined
}): Promise<FeedTransport> {
  const { url, prefix, connection, keys, replicated, onError } = options
  const feed = await connectFeed({ url, onError })
  const followersKey = `${prefix}v:{feed}`
  const feedKeys = [`${prefix}n:{feed}`, `${prefix}f:{feed}`, followersKey]
  const channel = `${prefix}feed`
  const acknowledgements = `${prefix}acknowledgements`

  const again = (digests: readonly string[], tag: string) => [channel, tag, String(Date.now()), ...digests]

  const perTag = async (
    items: readonly string[],
    work: (tag: string, digests: string[]) => Promise<unknown>,
  ) => {
    await Promise.all([...digestsByTag(items)].map(([tag, digests]) => work(tag, digests)))
  }

  const append: FeedTransport["append"] = async (items) => {
    const given = [channel, String(Date.now()), items.join(" ")]
    const [number, began, begunMsAgo, ...followers] = await feed.scripts.appendEntry(feedKeys, given)
    return { number, began, begunMsAgo, followers: followersFrom(followers) }
  }
  /** What was ended once more, and is not on the feed yet. */
  const untold = new Set<string>()

  return {
    renew: async (follower, acknowledged) => {
      const given = [acknowledgements, follower, acknowledged === null ? "" : String(acknowledged)]
      const [[epoch, last, gap, entries, began, begunMsAgo], epochs] = await Promise.all([
        feed.scripts.renewFollower(feedKeys, given),
        replicationIds(feed),
      ])
      return {
        epoch: [epoch.toString(), ...epochs].join(" "),
        last,
        ...{ began, begunMsAgo },
        entries:
          gap === 1
            ? null
            : entries.map(([id, fields]) => ({
                number: Number.parseInt(id.toString(), 10),
                items: fieldsFrom(fields).items?.split(" ") ?? [],
              })),
      }
    },

    replicate: (items) =>
      perTag(items, (tag, digests) => replicated("reassert", keys(tag), again(digests, tag))),

    append,

    settle: (items) => perTag(items, (tag, digests) => connection.scripts.settle(keys(tag), digests)),

    followers: async () => followersFrom(await feed.scripts.listFollowers([followersKey], [])),

    drop: async (followers) => {
      const pairs = [...followers].flatMap(([id, following]) => [id, textOf(following)])
      await feed.scripts.dropFollowers([followersKey], pairs)
    },

    leave: async (follower) => {
      await feed.scripts.leaveFeed([followersKey], [follower, acknowledgements])
    },

    reassert: async (items) => {
      await perTag(items, async (tag, digests) => {
        const [ended] = await feed.scripts.reassert(keys(tag), again(digests, tag))
        for (const digest of ended) untold.add(`${tag}.${digest.toString("latin1")}`)
      })
      const told = [...untold]
      if (told.length === 0) return
      await append(told)
      for (const item of told) untold.delete(item)
    },

    listen: (listener) =>
      feed.subscribe(channel, (message) => {
        const news = newsFrom(message)
        if (news !== null) listener(news)
      }),

    listenForAcknowledgements: (listener) =>
      feed.subscribe(acknowledgements, (message) => {
        const [follower = "", number] = message.split(" ")
        listener(follower, Number(number))
      }),

    close: () => feed.close(),
  }
}

/** The items that are tokens, by the tag of their accounts, in lists that one call of a script takes. */
function* digestsByTag(items: readonly string[]): Generator<[tag: string, digests: string[]]> {
  const byTag = new Map<string, string[]>()
  for (const item of items) {
    const [tag = "", digest] = item.split(".")
    if (digest === undefined || item.includes(":")) continue
    const digests = byTag.get(tag)
    if (digests === undefined) byTag.set(tag, [digest])
    else digests.push(digest)
  }
  for (const [tag, digests] of byTag) {
    for (let first = 0; first < digests.length; first += DIGESTS) {
      yield [tag, digests.slice(first, first + DIGESTS)]
    }
  }
}

/** What changes wherever a replica takes over. */
async function replicationIds(feed: Pick<RedisConnection, "primaries">): Promise<string[]> {
  const primaries = await feed.primaries()
  if (primaries.length < 2) return []
  const ids = await Promise.all(
    primaries.map(async (primary) => {
      const info = String(await primary.send(["INFO", "replication"]))
      return /^master_replid:(\w+)/m.exec(info)?.[1] ?? ""
    }),
  )
  return ids.sort()
}

function textOf({ acknowledged, renewals }: Following): string {
  return `${acknowledged} ${renewals}`
}

function followersFrom(fields: readonly Buffer[]): Followers {
  const followers = new Map<string, Following>()
  for (const [id, text] of Object.entries(fieldsFrom(fields))) {
    const [acknowledged = "0", renewals = "0"] = (text ?? "").split(" ")
    followers.set(id, { acknowledged: Number(acknowledged), renewals: Number(renewals) })
  }
  return followers
}

function newsFrom(message: string): FeedNews | null {
  const [kind, ...words] = message.split(" ")
  if (kind === "items") return { kind, items: words }
  const [number, ...items] = words
  return kind === "appended" ? { kind, entry: { number: Number(number), items } } : null
}
