import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, test } from "vitest"
import { ada, createWorld, statusWith } from "./people.ts"
import { createStandIn, signInAndDecide } from "./stand-in.ts"

/** A client from before PKCE: it sends a redirect target and no more. */
async function olderClient() {
  const listener = createServer((_request, response) => response.end("You may close this window."))
  listener.listen(0, "127.0.0.1")
  await once(listener, "listening")
  const { port } = listener.address() as AddressInfo
  return { redirectUrl: `http://localhost:${port}/callback`, stop: () => listener.close() }
}

test("with AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE=1 an older client signs in and out unchanged", async () => {
  const world = await createWorld("older", { AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE: "1" })
  const { redirectUrl, stop } = await olderClient()
  try {
    const url = `${world.server.url}/login?redirectUrl=${encodeURIComponent(redirectUrl)}`
    const page = await signInAndDecide(ada, url)
    const answer = new URL(page.url).searchParams
    expect(answer.has("state")).toBe(false)
    const exchanged = await fetch(`${world.server.url}/api/cli/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        code: answer.get("code"),
        redirect_uri: redirectUrl,
        expires_in_seconds: 7_776_000,
      }),
    })
    expect(exchanged.status).toBe(200)
    const { authToken } = (await exchanged.json()) as { authToken: string }
    expect(await statusWith(world.server, authToken)).toBe(200)
    const ended = await fetch(`${world.server.url}/api/cli/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${authToken}`, "content-type": "application/json" },
    })
    expect(await ended.json()).toEqual({ revoked: true })
    expect(await statusWith(world.server, authToken)).toBe(401)
  } finally {
    stop()
    await world.remove()
  }
})

test("without it, the older client is refused with a page that says why", async () => {
  const world = await createWorld("older-refused")
  const { redirectUrl, stop } = await olderClient()
  try {
    const browser = createStandIn()
    const page = await browser.open(
      `${world.server.url}/login?redirectUrl=${encodeURIComponent(redirectUrl)}`,
    )
    expect(page.status).toBe(400)
    expect(page.url).toContain(world.server.url)
    expect(page.text).toMatch(/too old|PKCE/)
  } finally {
    stop()
    await world.remove()
  }
})
