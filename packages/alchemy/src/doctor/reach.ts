import { networkReason } from "../admin/network-reason.ts"
import type { CommandContext } from "../command.ts"
import { codeIn, NetworkFailure } from "../network/network-failure.ts"
import { proxyFor } from "../network/proxy-from-env.ts"
import { targetOf } from "../network/tunnel.ts"
import type { Probes } from "./probes.ts"

/** How long one server or proxy may take, in milliseconds. */
export const REACH_TIMEOUT_MS = 2000
/** What is read of an answer at most, in bytes. */
const MOST_BYTES = 64 * 1024

/** What a server answered, with the times of sending and receiving by this machine's clock; or why it did not. */
export type Answer =
  | { reached: true; status: number; headers: Headers; body: string; sent: number; received: number }
  | { reached: false; reason: string; todo: string }

type Means = { context: CommandContext; probes: Probes }
/** How far the way to a server was gone, apart from the request itself. */
type Way = { stage: "look-up" | "connection" | "answer"; addresses: string[] }

/**
 * Asks a URL with `GET`, without credentials and without following redirects, for two seconds at most. A failure is told by how far the way
 * was gone: the name, the connection, TLS, the answer.
 * @throws CLIError `INVALID_ARGS` where a variable holds no proxy
 */
export async function answerOf(url: string, { context, probes }: Means): Promise<Answer> {
  const { env, now, fetch: send } = context
  const target = new URL(url)
  const limit = AbortSignal.any([probes.limit(REACH_TIMEOUT_MS), context.signal])
  const direct = proxyFor(target, env) === undefined
  const way: Way = { stage: direct ? "look-up" : "answer", addresses: [] }
  if (direct) followWay(target, way, probes, limit)
  const sent = now()
  try {
    const request = { redirect: "manual", signal: limit, headers: { accept: "application/json" } } as const
    const response = await within(limit, send(url, request))
    const received = now()
    const { status, headers } = response
    return {
      reached: true,
      status,
      headers,
      body: await within(limit, beginningOf(response)),
      sent,
      received,
    }
  } catch (cause) {
    return { reached: false, ...whyNot(cause, { target, way, limit }) }
  }
}

/** Resolves as `work` does, unless the signal comes first: not everything heeds one. */
export function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort))
  })
}

async function followWay(target: URL, way: Way, probes: Probes, signal: AbortSignal): Promise<void> {
  const { host, port } = targetOf(target)
  try {
    way.addresses = await probes.lookUp(host)
    way.stage = "connection"
    await probes.connect({ host, port }, signal)
    way.stage = "answer"
  } catch {
    // The request itself says why.
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size > MOST_BYTES) break
  }
  return Buffer.concat(chunks).toString("utf8")
}

type Failure = { target: URL; way: Way; limit: AbortSignal }

function whyNot(cause: unknown, { target, way, limit }: Failure): { reason: string; todo: string } {
  if (cause instanceof NetworkFailure) {
    return { reason: cause.message.replace(/\.$/, ""), todo: cause.hint ?? "" }
  }
  const { host, port } = targetOf(target)
  const seconds = `within ${REACH_TIMEOUT_MS / 1000} s`
  if (limit.aborted) {
    const late = {
      "look-up": [
        `the name ${host} could not be looked up ${seconds}`,
        "Check the network connection and the machine's DNS servers.",
      ],
      connection: [
        `${way.addresses[0] ?? host} took no connection on port ${port} ${seconds}`,
        "Check the network connection. A firewall may be in the way, or a proxy be needed (HTTPS_PROXY).",
      ],
      answer: [
        `it did not answer ${seconds}`,
        "Try again in a moment. Whoever runs the server can say more.",
      ],
    }[way.stage]
    return { reason: late[0] ?? "", todo: late[1] ?? "" }
  }
  const reason = networkReason(cause, REACH_TIMEOUT_MS)
  const code = codeIn(cause)
  const refused = code === "ECONNREFUSED" && way.addresses.length > 0
  const at = refused ? ` (${way.addresses.slice(0, 2).join(", ")}, port ${port})` : ""
  return { reason: `${reason}${at}`, todo: whatToDo(code, host) }
}

function whatToDo(code: string, host: string): string {
  if (code === "ECONNREFUSED") {
    return "Start the server, or check the port in its address (`alchemy config list`, ALCHEMY_AUTH_URL)."
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `Check the spelling of ${host}, the network connection and the machine's DNS servers.`
  }
  if (/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/.test(code)) {
    return "Compare this machine's clock with a good one. If it is right, whoever runs the server has to renew its certificate."
  }
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)) {
    return "Where your network has an authority of its own, name its certificate with NODE_EXTRA_CA_CERTS=<file.pem>."
  }
  return "Check the network connection, then run `alchemy auth doctor` again."
}
