import { join, resolve } from "node:path"
import { ALCHEMY_GRANT } from "@authchemy/protocol"
import { createTokenService, openStore, type TokenService } from "@authchemy/tokens"
import { createRandom, type Random } from "../packages/tokens/src/revocation/testing/random.ts"
import { type Fault, faultsBetween } from "./faults.ts"
import {
  alchemyFor,
  createAccount,
  type Running,
  run,
  type Server,
  startServer,
  temporaryDirectory,
} from "./processes.ts"
import { signInAndDecide } from "./stand-in.ts"
import { type RedisProcess, startRedisProcess } from "./start-redis.ts"
import { openTcpRelay, type TcpRelay } from "./tcp-relay.ts"

const PERSON = { email: "ada@example.com", password: "correct horse battery", name: "Ada Lovelace" }
const SERVERS = 3
const VERIFIERS = 2

/** A process that can be asked about a token, and what can be done to it. */
export type Asked = {
  name: string
  /** Asked with `Authorization: Bearer`: 200, 401 or 503. */
  url: string
  pid(): number
  /** Where it can end a session. */
  logoutUrl: string | null
  /** Starts it anew after `SIGKILL`; of the servers one, so that the memory of the others can be watched. */
  restart: (() => Promise<void>) | null
  /** Between it and Redis. */
  relay: TcpRelay | null
  stop(): Promise<void>
}

/** Real processes on one real Redis: servers, and verifiers that are reached over relays. */
export type FaultyWorld = {
  processes: readonly Asked[]
  redis: RedisProcess
  replica: RedisProcess | null
  random: Random
  /** Signs in, without a person. */
  signIn(): Promise<string>
  faults(): readonly Fault[]
  close(): Promise<void>
}

/** @param options.replicas 1: Redis has a replica, and revocations wait for it */
export async function openFaultyWorld(options: { seed: number; replicas: 0 | 1 }): Promise<FaultyWorld> {
  const { replicas } = options
  const random = createRandom(options.seed)
  const home = await temporaryDirectory("faulty")
  const flags = ["--maxmemory-policy", "noeviction"]
  const redis = await startRedisProcess({ flags })
  const replica =
    replicas === 0
      ? null
      : await startRedisProcess({ flags: [...flags, "--replicaof", `127.0.0.1 ${redis.port}`] })
  const redisUrl = `redis://127.0.0.1:${redis.port}`
  const env = { AUTHCHEMY_REDIS_URL: redisUrl, AUTHCHEMY_REDIS_REPLICAS: String(replicas) }
  const dataDirectory = join(home.path, "server")

  const first = await startServer({ dataDirectory, env })
  await createAccount(first, PERSON)
  const accountId = await accountIdAt(first, home.path)
  const servers = [
    first,
    ...(await Promise.all(Array.from({ length: SERVERS - 1 }, () => startServer({ dataDirectory, env })))),
  ].map((server, index) => asServer(server, `server ${index}`, index === SERVERS - 1))
  const verifiers = await Promise.all(
    Array.from({ length: VERIFIERS }, (_, index) => startVerifier(redis.port, replicas, `verifier ${index}`)),
  )
  const store = await openStore({ sqlitePath: "", redisUrl, redisReplicas: replicas, onError: () => {} })
  const tokens: TokenService = createTokenService({ store, onError: () => {} })
  const processes: Asked[] = [...servers, ...verifiers]
  const grant = { ...ALCHEMY_GRANT, accountId, expiresInSeconds: 3_600, device: {} }

  return {
    ...{ processes, redis, replica, random },
    signIn: async () => (await tokens.createSession(grant)).token,
    faults: () => faultsBetween(random, { processes, redis, replica }),
    close: async () => {
      await tokens.close()
      await Promise.all(processes.map((one) => one.stop()))
      await Promise.all([redis, replica].map((one) => one?.stop()))
      await home.remove()
    },
  }
}

async function accountIdAt(server: Server, home: string): Promise<string> {
  const alchemy = alchemyFor({ home, authUrl: server.url })
  const login = alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
  await signInAndDecide(PERSON, url)
  await login.finished
  const token = (await alchemy.run("auth", "token")).stdout.trim()
  const answer = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  const { data } = (await answer.json()) as { data: { account: { id: string } } }
  return data.account.id
}

function asServer(started: Server, name: string, mayBeKilled: boolean): Asked {
  let server = started
  const { url } = server
  const restart = async () => {
    await server.stop("SIGKILL")
    server = await startServer(server)
  }
  return {
    ...{ name, url: `${url}/v1/me`, logoutUrl: `${url}/api/cli/logout`, relay: null },
    pid: () => server.pid,
    restart: mayBeKilled ? restart : null,
    stop: async () => void (await server.stop()),
  }
}

async function startVerifier(redisPort: number, replicas: number, name: string) {
  const relay = await openTcpRelay({ hostname: "127.0.0.1", port: redisPort })
  const program = resolve(import.meta.dirname, "verifier-process.ts")
  const flags = ["--conditions=authchemy-source", program]
  const started: Running = run(process.execPath, [
    ...flags,
    `redis://127.0.0.1:${relay.port}`,
    String(replicas),
  ])
  const [, port = ""] = await started.shows(/listening on (\d+)/)
  return {
    ...{ name, url: `http://127.0.0.1:${port}/`, logoutUrl: null, relay, restart: null },
    pid: () => started.child.pid ?? 0,
    stop: async () => {
      started.child.kill("SIGKILL")
      await started.finished
      await relay.close()
    },
  }
}
