import { request } from "node:http"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ada, createWorld, signIn, statusWith, tokenOf, urlShownBy, type World } from "./people.ts"
import { signInAndDecide } from "./stand-in.ts"

let world: World
beforeAll(async () => {
  world = await createWorld("callback")
})
afterAll(() => world.remove())

function send(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
) {
  return new Promise<number>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, ...options, agent: false }, (response) => {
      response.resume()
      response.on("end", () => resolve(response.statusCode ?? 0))
    })
    sent.on("error", reject)
    sent.end()
  })
}

test("S54 1,000 wrong callbacks and then the right one: signed in", async () => {
  const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const url = new URL(await urlShownBy(login))
  const port = Number(new URL(url.searchParams.get("redirectUrl") ?? "").port)
  const state = url.searchParams.get("state") ?? ""
  const good = `code=x&state=${state}&iss=${encodeURIComponent(world.server.url)}`
  const wrong: Parameters<typeof send>[] = [
    [port, "/callback"],
    [port, "/callback?code=x"],
    [port, `/callback?code=x&state=${state.slice(0, -1)}x&iss=${encodeURIComponent(world.server.url)}`],
    [port, "/callback?error=access_denied"],
    [port, "/callback?error=access_denied&state=wrong"],
    [port, `/callback?code=x&state=${state}`],
    [port, `/callback?code=x&state=${state}&iss=https%3A%2F%2Fevil.example`],
    [port, `/callback?${good}&state=${state}`],
    [port, `/callback?${good}`, { headers: { host: "evil.example" } }],
    [port, `/callback?${good}`, { headers: { origin: "https://evil.example" } }],
    [port, `/callback?${good}`, { headers: { "sec-purpose": "prefetch" } }],
    [port, `/callback?${good}`, { method: "POST" }],
    [port, `/callback?${good}`, { method: "HEAD" }],
    [port, "/favicon.ico"],
    [port, "/"],
  ]
  for (let sent = 0; sent < 1000; sent += 20) {
    const statuses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const attempt = wrong[(sent + index) % wrong.length]
        if (attempt === undefined) throw new Error("no attempt")
        return send(...attempt)
      }),
    )
    for (const status of statuses) expect(Math.trunc(status / 100)).toBe(4)
  }
  const page = await signInAndDecide(ada, url.href)
  expect(page.status).toBe(200)
  expect(await login.finished).toMatchObject({ code: 0 })
  expect(await statusWith(world.server, await tokenOf(world))).toBe(200)
  await expect(send(port, "/callback")).rejects.toMatchObject({ code: "ECONNREFUSED" })
  await world.alchemy.run("auth", "logout")
})

test("S55 a taken port is no obstacle: the next one is used", async () => {
  const first = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const url = new URL(await urlShownBy(first))
  const { port } = new URL(url.searchParams.get("redirectUrl") ?? "")
  const other = await createWorld("second-machine")
  try {
    const { finished, url: otherUrl } = await signIn(other, { flags: ["--port", port] })
    expect(finished.code).toBe(0)
    expect(new URL(new URL(otherUrl).searchParams.get("redirectUrl") ?? "").port).not.toBe(port)
  } finally {
    first.child.kill("SIGINT")
    expect((await first.finished).code).toBe(130)
    await other.remove()
  }
})

test("two sign-ins at once open one browser: the second waits for the first and uses its session", async () => {
  const first = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
  const url = await urlShownBy(first)
  const second = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
  await second.shows(/wait/i)
  await signInAndDecide(ada, url)
  const [one, two] = await Promise.all([first.finished, second.finished])
  expect([one.code, two.code]).toEqual([0, 0])
  expect(two.stderr).not.toContain('"url"')
  const sessions = await fetch(`${world.server.url}/v1/sessions`, {
    headers: { authorization: `Bearer ${await tokenOf(world)}` },
  })
  expect(await sessions.json()).toMatchObject({ data: { sessions: [{ current: true }] } })
  await world.alchemy.run("auth", "logout")
})
