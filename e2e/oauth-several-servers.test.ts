import { afterAll, beforeAll, expect, test } from "vitest"
import {
  approvedCode,
  askAtOnce,
  askForTokens,
  DEVICE_GRANT,
  refreshOf,
  sessionIdsOf,
  signedIn,
  startDevice,
  type TokenAnswer,
} from "./oauth-requests.ts"
import { createOAuthWorld, decideOnDevice, type OAuthWorld } from "./oauth-world.ts"
import { onRedis, statusWith } from "./people.ts"
import { type Server, startServer } from "./processes.ts"

let world: OAuthWorld
let servers: Server[]
beforeAll(async () => {
  world = await createOAuthWorld("oauth-several", onRedis(22))
  const { dataDirectory, env } = world.server
  const others = [1, 2].map(() =>
    startServer({
      dataDirectory,
      env: { ...onRedis(22), AUTHCHEMY_CLIENTS_FILE: env.AUTHCHEMY_CLIENTS_FILE ?? "" },
    }),
  )
  servers = [world.server, ...(await Promise.all(others))]
})
afterAll(async () => {
  for (const server of servers.slice(1)) await server.stop()
  await world.remove()
})

const BUSY = "503 temporarily_unavailable"
const isGranted = ({ status }: TokenAnswer) => status === 200
const isInvalidGrant = ({ status, error }: TokenAnswer) => status === 400 && error === "invalid_grant"

/** How often each answer was given. */
function tallyOf(answers: TokenAnswer[]): Record<string, number> {
  const tally: Record<string, number> = {}
  for (const { status, error } of answers) {
    const answer = error === undefined ? `${status}` : `${status} ${error}`
    tally[answer] = (tally[answer] ?? 0) + 1
  }
  return tally
}

/** One token. On a machine so busy that a server gives Redis up (503: nothing is known), the answer with the token may be among those lost. */
function expectOneToken(answers: TokenAnswer[]) {
  const { [BUSY]: unknown = 0, ...tally } = tallyOf(answers)
  if (unknown === 0) return expect(tally).toEqual({ "200": 1, "400 invalid_grant": 99 })
  const { "200": granted = 0, "400 invalid_grant": refused = 0, ...others } = tally
  expect(granted).toBeLessThanOrEqual(1)
  expect({ total: granted + refused + unknown, others }).toEqual({ total: 100, others: {} })
}

/** What every server answers to a call with a token. */
const statusesWith = (token = "") => Promise.all(servers.map((server) => statusWith(server, token)))

test("S21 100 redemptions of one code at once at /oauth/token, over three server processes: exactly one token", async () => {
  for (let round = 0; round < 3; round++) {
    const answers = await askAtOnce(servers, 100, await approvedCode(world))
    expectOneToken(answers)
    // The other 99 hold the verifier too: to the server that is a replay, and it ends what was issued.
    const granted = answers.find(isGranted)
    expect(await statusesWith(granted?.access_token)).toEqual([401, 401, 401])
    const refreshed = await askForTokens(world.server, refreshOf(granted?.refresh_token ?? ""))
    expect(isInvalidGrant(refreshed)).toBe(true)
  }
})

test("S43 100 polls at once after approval, over three server processes: one token; then invalid_grant", async () => {
  for (let round = 0; round < 3; round++) {
    const device = await startDevice(servers[round % 3] ?? world.server)
    await decideOnDevice(
      world,
      { ...device, verification_uri: `${world.server.url}/device` },
      { types: true },
    )
    const poll = { grant_type: DEVICE_GRANT, device_code: device.device_code }
    const answers = await askAtOnce(servers, 100, poll)
    expectOneToken(answers)
    for (const server of servers) expect(isInvalidGrant(await askForTokens(server, poll))).toBe(true)
    const granted = answers.find(isGranted)
    if (granted !== undefined) expect(await statusesWith(granted.access_token)).toEqual([200, 200, 200])
  }
})

test("100 refreshes at once with one token, over three server processes: one successor, told to all", async () => {
  let { refresh_token } = await signedIn(world)
  for (let round = 0; round < 3; round++) {
    const answers = await askAtOnce(servers, 100, refreshOf(refresh_token))
    const { [BUSY]: unknown = 0, "200": told = 0 } = tallyOf(answers)
    expect(told + unknown).toBe(100)
    const granted = answers.filter(isGranted)
    const pairs = new Set(granted.map((answer) => `${answer.refresh_token} ${answer.access_token}`))
    expect([...pairs]).toHaveLength(1)
    expect(await statusesWith(granted[0]?.access_token)).toEqual([200, 200, 200])
    expect(granted[0]?.refresh_token).not.toBe(refresh_token)
    refresh_token = granted[0]?.refresh_token ?? ""
  }
})

test("S46 a session that is revoked at one server is refused at the others, access and refresh token", async () => {
  for (const which of ["access_token", "refresh_token"] as const) {
    const tokens = await signedIn(world)
    const revoked = await fetch(`${world.server.url}/oauth/revoke`, {
      method: "POST",
      body: new URLSearchParams({ client_id: "cli", token: tokens[which] }),
    })
    expect(revoked.status).toBe(200)
    expect(await statusesWith(tokens.access_token)).toEqual([401, 401, 401])
    const answers = await askAtOnce(servers, 3, refreshOf(tokens.refresh_token))
    expect(answers.every(isInvalidGrant)).toBe(true)
  }
})

test("S49 every session is revoked while refreshes and sign-ins run: nothing comes back to life", async () => {
  const operator = await signedIn(world)
  const started = await Promise.all(Array.from({ length: 6 }, () => signedIn(world)))
  const codes = await Promise.all(Array.from({ length: 6 }, () => approvedCode(world)))
  const issued: TokenAnswer[] = []

  /** Refreshes, at one server after the other, until it is refused. */
  const keepRefreshing = async (first: string) => {
    let current = first
    for (let turn = 0; ; turn++) {
      const answer = await askForTokens(servers[turn % 3] ?? world.server, refreshOf(current))
      // Asked again, as after any answer that was lost.
      if (answer.status === 503) continue
      if (!isGranted(answer)) return answer
      issued.push(answer)
      current = answer.refresh_token ?? ""
      if (issued.length >= 60) underWay.resolve()
    }
  }
  const underWay = Promise.withResolvers<void>()
  const chains = Promise.all(started.map(({ refresh_token }) => keepRefreshing(refresh_token)))
  await underWay.promise

  const revoking = fetch(`${world.server.url}/v1/sessions`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${operator.access_token}` },
  })
  const redeeming = Promise.all(
    codes.map((code, index) => askForTokens(servers[index % 3] ?? world.server, code)),
  )
  expect((await revoking).status).toBe(200)
  const ends = await chains
  expect(ends.every(isInvalidGrant)).toBe(true)
  for (const { access_token } of [operator, ...started, ...issued.slice(-40)]) {
    expect(await statusesWith(access_token)).toEqual([401, 401, 401])
  }
  const last = await Promise.all(
    issued.slice(-40).map(({ refresh_token = "" }) => askForTokens(world.server, refreshOf(refresh_token))),
  )
  expect(last.every(isInvalidGrant)).toBe(true)

  const witness = await signedIn(world)
  const listed = await sessionIdsOf(world.server, witness.access_token)
  for (const { access_token = "", session_id = "" } of await redeeming) {
    const lives = listed.includes(session_id)
    expect(await statusesWith(access_token)).toEqual(lives ? [200, 200, 200] : [401, 401, 401])
  }
})
