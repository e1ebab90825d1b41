import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Connect, connectOauth4webapi, connectOpenidClient } from "./oauth-libraries.ts"
import { createOAuthWorld, decideOnDevice, type OAuthWorld } from "./oauth-world.ts"
import { ada, onRedis, statusWith } from "./people.ts"

const SCOPE = "account:read offline_access"

/** A `fetch` that tells of each answer to a poll that was not a token: its error code. */
function tellingPolls(): { fetch: typeof fetch; told: (error: string) => Promise<void> } {
  const heard: string[] = []
  const waiting = new Map<string, () => void>()
  return {
    fetch: async (...request) => {
      const response = await fetch(...request)
      if (response.status !== 400) return response
      const { error } = (await response.clone().json()) as { error: string }
      heard.push(error)
      waiting.get(error)?.()
      return response
    },
    told: (error) =>
      new Promise((resolve) => {
        if (heard.includes(error)) resolve()
        waiting.set(error, resolve)
      }),
  }
}

const stores = ["SQLite", "Redis"] as const
const worlds = new Map<string, OAuthWorld>()
beforeAll(async () => {
  const create = async (store: string, environment: Record<string, string>) => {
    worlds.set(store, await createOAuthWorld(`devices-${store.toLowerCase()}`, environment))
  }
  await Promise.all([create("SQLite", {}), create("Redis", onRedis(21))])
})
afterAll(async () => {
  for (const world of worlds.values()) await world.remove()
})

/** The world on a store, and a client of it in the hands of a library. */
function on(store: string) {
  const world = worlds.get(store)
  if (world === undefined) throw new Error(`no world on ${store}`)
  const connectAs = (
    connect: Connect,
    name: keyof OAuthWorld["clients"],
    options: { dpop?: boolean; fetch?: typeof fetch } = {},
  ) => connect({ server: world.server, client: world.clients[name], ...options })
  return { world, connectAs }
}

// All at once, and the longest waits first: `openid-client` polls at the interval that the server names, in real time.
describe.concurrent("other people's OAuth clients on devices", () => {
  test.for(stores)("openid-client, on %s: S35 told to slow down, it gets there", async (store) => {
    const { world, connectAs } = on(store)
    const { fetch, told } = tellingPolls()
    const client = await connectAs(connectOpenidClient, "cli", { fetch })
    const hasty = await connectAs(connectOauth4webapi, "cli")
    const device = await client.startDevice(SCOPE)
    const polling = client.poll(device)
    await expect(hasty.poll(device)).rejects.toMatchObject({ error: "authorization_pending" })
    await expect(hasty.poll(device)).rejects.toMatchObject({ error: "slow_down" })
    await told("slow_down")
    await decideOnDevice(world, device)
    expect(await statusWith(world.server, (await polling).access_token)).toBe(200)
  })

  test.for(stores)("openid-client, on %s: waits until the person has approved", async (store) => {
    const { world, connectAs } = on(store)
    const { fetch, told } = tellingPolls()
    const client = await connectAs(connectOpenidClient, "cli", { fetch })
    const device = await client.startDevice(SCOPE)
    const polling = client.poll(device)
    await told("authorization_pending")
    await decideOnDevice(world, device)
    const tokens = await polling
    expect(await statusWith(world.server, tokens.access_token)).toBe(200)
    expect((await client.refresh(tokens.refresh_token ?? "")).scope).toBe(SCOPE)
  })

  test.for(stores)("openid-client, on %s: binds a device's tokens with DPoP", async (store) => {
    const { world, connectAs } = on(store)
    const client = await connectAs(connectOpenidClient, "vault", { dpop: true })
    const device = await client.startDevice(SCOPE)
    await decideOnDevice(world, device, { types: true })
    const tokens = await client.poll(device)
    expect(tokens.token_type).toBe("dpop")
    expect((await client.call(tokens.access_token, "GET", "/v1/me")).status).toBe(200)
    expect(await statusWith(world.server, tokens.access_token)).toBe(401)
  })

  test.for(stores)("openid-client, on %s: S44 a denial ends the wait", async (store) => {
    const { world, connectAs } = on(store)
    const client = await connectAs(connectOpenidClient, "cli")
    const device = await client.startDevice(SCOPE)
    const polling = client.poll(device)
    const refused = expect(polling).rejects.toMatchObject({ error: "access_denied" })
    expect((await decideOnDevice(world, device, { decision: "Deny" })).text).toContain("Denied")
    await refused
  })

  test.for(stores)(
    "oauth4webapi, on %s: S35, S36 pending, too soon, then approved on the page where the code is typed",
    async (store) => {
      const { world, connectAs } = on(store)
      const client = await connectAs(connectOauth4webapi, "cli")
      const device = await client.startDevice(SCOPE)
      expect(device).toMatchObject({ interval: 5, expires_in: 600 })
      await expect(client.poll(device)).rejects.toMatchObject({ error: "authorization_pending" })
      await expect(client.poll(device)).rejects.toMatchObject({ error: "slow_down" })
      expect((await decideOnDevice(world, device, { types: true })).text).toContain("Approved")

      const tokens = await client.poll(device)
      expect(tokens).toMatchObject({ token_type: "bearer", scope: SCOPE })
      expect(await statusWith(world.server, tokens.access_token)).toBe(200)
      await expect(client.poll(device)).rejects.toMatchObject({ error: "invalid_grant" })
      const refreshed = await client.refresh(tokens.refresh_token ?? "")
      await client.revoke(refreshed.access_token)
      expect(await statusWith(world.server, refreshed.access_token)).toBe(401)
    },
  )

  test.for(stores)(
    "oauth4webapi, on %s: S40 the complete address asks first; S44 a denial is told",
    async (store) => {
      const { world, connectAs } = on(store)
      const client = await connectAs(connectOauth4webapi, "cli")
      const device = await client.startDevice(SCOPE)
      const page = await world.browser.open(device.verification_uri_complete ?? "")
      expect(page.text).toContain(device.user_code)
      await expect(client.poll(device)).rejects.toMatchObject({ error: "authorization_pending" })
      await decideOnDevice(world, device, { decision: "Deny" })
      await expect(client.poll(device)).rejects.toMatchObject({ error: "access_denied" })
    },
  )

  test.for(stores)("oauth4webapi, on %s: binds a device's tokens with DPoP", async (store) => {
    const { world, connectAs } = on(store)
    const client = await connectAs(connectOauth4webapi, "cli", { dpop: true })
    const device = await client.startDevice(SCOPE)
    await expect(client.poll(device)).rejects.toMatchObject({ error: "authorization_pending" })
    await decideOnDevice(world, device)
    const tokens = await client.poll(device)
    expect(tokens.token_type).toBe("dpop")
    const me = await client.call(tokens.access_token, "GET", "/v1/me")
    expect(await me.json()).toMatchObject({ data: { account: { email: ada.email } } })
    const refreshed = await client.refresh(tokens.refresh_token ?? "")
    expect((await client.call(refreshed.access_token, "GET", "/v1/me")).status).toBe(200)
  })
})
