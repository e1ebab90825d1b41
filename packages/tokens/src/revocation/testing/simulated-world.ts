import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { newSession } from "../../sessions.ts"
import type { Revocation, SessionRecord } from "../../store/store.ts"
import type { Session } from "../../token-service.ts"
import { createSessionVerifier, type Verifier } from "../../verifier.ts"
import type { Clock } from "../clock.ts"
import { createRevocationFeed, type RevocationFeed } from "../feed.ts"
import type { FeedTransport } from "../feed-transport.ts"
import type { Call, History, RevocationEvent } from "./history.ts"
import { createRandom } from "./random.ts"
import { createSimulatedNetwork, type SimulatedLink, type SimulatedNetwork } from "./simulated-network.ts"
import type { StoreMutation } from "./simulated-store.ts"
import { type VirtualProcess, type VirtualTime, withVirtualTime } from "./virtual-time.ts"

/** How many processes there are. */
export const NODES = 3
/** While a revocation is under way, everybody is asked, too: what is read meanwhile is not to be kept. */
const ASK_MEANWHILE_MS = [0, 2, 6]
/** After a revocation was acknowledged, everybody is asked at once, and again after each of these. */
const ASK_AGAIN_MS = [0, 0.5, 3, 10, 30, 60, 100, 160, 250, 400, 520, 700]
/** How long things may take to mend when nothing is wrong any more. */
const MENDING_MS = 1_500

/** One thing that people, callers or fate do. `session` counts those that have begun so far, from the last one back. */
export type Command =
  | { do: "sign in"; account: number; node: number }
  | { do: "call"; session: number; node: number }
  | { do: "revoke"; session: number; node: number; all: boolean }
  | { do: "pause" | "suspend" | "set clock"; node: number; ms: number }
  | { do: "restart"; node: number }
  | Fate

/** What befalls the store and the network. */
type Fate =
  | { do: "freeze link" | "slow link"; node: number; ms: number }
  | { do: "freeze store" | "stall replication"; ms: number }
  | { do: "fail over" | "lose feed" }

/** Commands, each with the milliseconds that pass before it. */
export type Course = readonly { afterMs: number; command: Command }[]

/** A part of a process that is made worse on purpose, to see that the checker finds out. */
export type Mutation = StoreMutation & {
  transport?: (transport: FeedTransport) => FeedTransport
  /** What the verifier gets of the feed. */
  feed?: (feed: RevocationFeed, clock: Clock) => RevocationFeed
}

type Node = {
  process: VirtualProcess
  link: SimulatedLink
  feed: RevocationFeed
  verifier: Verifier
  revocations: Set<RevocationEvent>
}

type Signed = { name: string; token: string; record: SessionRecord; begin: number }

/**
 * Lets processes, which run the program's own verifier and feed, live through a course of events, in virtual time and on a store and a network that are simulated; afterwards all faults are mended, and
 * everybody is asked about everything.
 * @param options.replicas 1: a revocation waits for the replica, 0: it does not
 */
export function simulate(options: {
  course: Course
  seed: number
  replicas: 0 | 1
  mutation?: Mutation | undefined
}): Promise<History> {
  const random = createRandom(options.seed)
  return withVirtualTime(random, async (time) => {
    const network = createSimulatedNetwork({
      time,
      random,
      replicas: options.replicas,
      mutation: options.mutation,
    })
    const { replicas, mutation = {} } = options
    const world = createWorld({ time, network, bytes: random.bytes, replicas, mutation })
    let at = 0
    for (const { afterMs, command } of options.course) {
      at += afterMs
      await time.runUntil(at)
      world.carryOut(command)
    }
    await time.runUntil(Math.max(at + 50, world.pausedUntil()))
    network.calm()
    const calmFrom = time.now() + MENDING_MS
    await time.runUntil(calmFrom + 1)
    world.askAll()
    await time.runUntil(calmFrom + MENDING_MS)
    return world.history(calmFrom)
  })
}

function createWorld(options: {
  time: VirtualTime
  network: SimulatedNetwork
  bytes: (size: number) => Uint8Array
  replicas: 0 | 1
  mutation: Mutation
}) {
  const { time, network, bytes, replicas, mutation } = options
  const calls: Call[] = []
  const revocations: RevocationEvent[] = []
  const signedIn = new Map<string, number>()
  const lost = new Map<string, number>()
  const undone = new Set<string>()
  const sessions: Signed[] = []
  const targets = new Map<RevocationEvent, (session: SessionRecord) => boolean>()
  const pausedUntil = new Map<VirtualProcess, number>()
  let incarnations = 0

  const start = (name: number): Node => {
    const process = time.process()
    const link = network.connect(name, process)
    const { clock } = process
    return process.run(() => {
      const transport = mutation.transport?.(link.transport) ?? link.transport
      const feed = createRevocationFeed({ transport, clock, id: `node-${++incarnations}` })
      const seen = mutation.feed?.(feed, clock) ?? feed
      const verifier = createSessionVerifier({ source: link.source, feed: seen, clock, heldSessions: 100 })
      return { process, link, feed, verifier, revocations: new Set() }
    })
  }
  const nodes = Array.from({ length: NODES }, (_, name) => start(name))
  const nodeOf = (index: number) => nodes[index % NODES] as Node

  /** A call comes in from outside: it has begun when it is sent, though its process may be held up. */
  const call = (index: number, { name, token }: Signed) => {
    const node = nodeOf(index)
    const asked: Call = {
      ...{ session: name, node: index % NODES, begin: time.now() },
      ...{ end: Number.POSITIVE_INFINITY, answer: "none" },
    }
    calls.push(asked)
    const answered = (answer: Call["answer"]) => void Object.assign(asked, { answer, end: time.now() })
    const said = (session: Session | null) => answered(session === null ? "refused" : "accepted")
    const work = () => {
      const held = node.verifier.verifyHeld(token)
      if (held !== undefined) said(held)
      else node.verifier.verify(token).then(said, () => answered("unavailable"))
    }
    time.after(0, work, node.process)
  }

  const askEverybody = (session: Signed) => {
    for (let index = 0; index < NODES; index++) call(index, session)
  }

  const signIn = (account: number, index: number) => {
    const node = nodeOf(index)
    const work = () => {
      const { now } = node.process.clock
      const grant = { ...ALCHEMY_GRANT, accountId: `account-${account}`, device: {}, keyThumbprint: null }
      const { issued, creation } = newSession({ now, randomBytes: bytes }, now(), {
        ...grant,
        expiresInSeconds: 86_400,
      })
      const session = {
        name: `session ${sessions.length}`,
        token: issued.token,
        record: creation.session,
        begin: time.now(),
      }
      sessions.push(session)
      node.link
        .request((store) => store.sessions.create(creation.session))
        .then(() => {
          signedIn.set(session.name, time.now())
          askEverybody(session)
        })
        .catch(() => lost.set(session.name, time.now()))
    }
    time.after(0, work, node.process)
  }

  /** As the token service does it: ended in the store, and then forgotten everywhere. */
  const revoke = (index: number, target: Signed, all: boolean) => {
    const node = nodeOf(index)
    const isMeant = ({ accountId, digest }: SessionRecord) =>
      all ? accountId === target.record.accountId : digest === target.record.digest
    const meant = sessions.filter(({ name, record }) => signedIn.has(name) && isMeant(record))
    const event: RevocationEvent = {
      sessions: meant.map(({ name }) => name),
      mayEnd: [],
      begin: time.now(),
      end: Number.POSITIVE_INFINITY,
      outcome: "pending",
    }
    revocations.push(event)
    for (const ms of ASK_MEANWHILE_MS) time.after(ms, () => meant.forEach(askEverybody))
    targets.set(event, isMeant)
    node.revocations.add(event)
    const settle = (outcome: RevocationEvent["outcome"]) => {
      Object.assign(event, { outcome, end: time.now() })
      node.revocations.delete(event)
      if (outcome !== "acknowledged") return
      for (const ms of ASK_AGAIN_MS) time.after(ms, () => meant.forEach(askEverybody))
    }
    const work = async () => {
      const ended: Revocation = await node.link.request((store) => store.sessions.end(isMeant))
      if (ended.items.length > 0) await node.feed.announce(ended.items)
    }
    time.after(
      0,
      () =>
        void work().then(
          () => settle("acknowledged"),
          () => settle("failed"),
        ),
      node.process,
    )
  }

  const restart = (index: number) => {
    const node = nodeOf(index)
    node.process.kill()
    for (const event of node.revocations) Object.assign(event, { outcome: "lost", end: time.now() })
    nodes[index % NODES] = start(index % NODES)
  }

  const failOver = () => {
    const dead = sessions.filter(({ record }) => !network.store.has(record.digest))
    network.failOver()
    for (const { name, record } of sessions) {
      if (!network.store.has(record.digest) && !lost.has(name)) lost.set(name, time.now())
    }
    if (replicas > 0) return
    for (const { name, record } of dead) if (network.store.has(record.digest)) undone.add(name)
  }

  const hold = ({ process }: Node, ms: number) =>
    pausedUntil.set(process, Math.max(time.now() + ms, pausedUntil.get(process) ?? 0))

  const carryOut = (command: Command) => {
    const target = "session" in command ? sessions[sessions.length - 1 - command.session] : undefined
    const node = nodeOf("node" in command ? command.node : 0)
    switch (command.do) {
      case "sign in":
        signIn(command.account, command.node)
        break
      case "call":
        if (target !== undefined) call(command.node, target)
        break
      case "revoke":
        if (target !== undefined) revoke(command.node, target, command.all)
        break
      case "pause":
        hold(node, command.ms)
        node.process.pause(command.ms)
        break
      case "suspend":
        hold(node, command.ms)
        node.process.suspend(command.ms)
        break
      case "set clock":
        node.process.setClock(command.ms)
        break
      case "restart":
        restart(command.node)
        break
      default:
        befall(command)
    }
  }

  /** What befalls the store and the network. */
  const befall = (command: Fate) => {
    switch (command.do) {
      case "freeze link":
        network.freezeLink(command.node % NODES, command.ms)
        break
      case "slow link":
        network.slowLink(command.node % NODES, command.ms)
        break
      case "freeze store":
        network.freezeStore(command.ms)
        break
      case "stall replication":
        network.stallReplication(command.ms)
        break
      case "fail over":
        failOver()
        break
      case "lose feed":
        network.store.loseFeed()
    }
  }

  /** What a revocation may have ended: of one that was given up, nobody knows when it reached the store. */
  const mayEnd = (event: RevocationEvent) => {
    const until = event.outcome === "acknowledged" ? event.end : Number.POSITIVE_INFINITY
    const isMeant = targets.get(event)
    return sessions.filter(({ record, begin }) => begin < until && isMeant?.(record)).map(({ name }) => name)
  }

  return {
    carryOut,
    /** When the last process that is held up goes on. */
    pausedUntil: () => Math.max(0, ...pausedUntil.values()),
    askAll: () => sessions.filter(({ name }) => signedIn.has(name)).forEach(askEverybody),
    history: (calmFrom: number): History => ({
      ...{ calls, signedIn, lost, undone, calmFrom },
      revocations: revocations.map((event) => ({ ...event, mayEnd: mayEnd(event) })),
    }),
  }
}
