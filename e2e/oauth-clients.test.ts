import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  type ClientMethod,
  type Connect,
  connectOauth4webapi,
  connectOpenidClient,
  type LibraryClient,
} from "./oauth-libraries.ts"
import { createOAuthWorld, decideOn, listenForRedirect, type OAuthWorld } from "./oauth-world.ts"
import { ada, onRedis, statusWith } from "./people.ts"

const SCOPE = "account:read sessions:manage offline_access"
const INVALID_GRANT = { status: 400, error: "invalid_grant" }

const libraries: [string, Connect][] = [
  ["openid-client", connectOpenidClient],
  ["oauth4webapi", connectOauth4webapi],
]

describe.each([
  ["SQLite", () => ({})],
  ["Redis", () => onRedis(20)],
])("other people's OAuth clients, on %s", (store, environment) => {
  let world: OAuthWorld
  beforeAll(async () => {
    world = await createOAuthWorld(`oauth-${store.toLowerCase()}`, environment())
  })
  afterAll(() => world.remove())

  describe.each(libraries)("%s", (_library, connect) => {
    const connectAs = (
      name: keyof OAuthWorld["clients"],
      options: { method?: ClientMethod; dpop?: boolean } = {},
    ) => connect({ server: world.server, client: world.clients[name], ...options })

    /** A whole sign-in: the browser's redirect is caught at a listener of the client's own. */
    async function signIn(client: LibraryClient, options: { pushed?: boolean; scope?: string } = {}) {
      const { pushed = false, scope = SCOPE } = options
      const listener = await listenForRedirect(pushed ? "localhost" : "127.0.0.1")
      try {
        const { url, finish } = await client.begin({ redirectUri: listener.redirectUri, scope, pushed })
        const redirected = await decideOn(world, url, listener)
        return { url, redirected, finish, tokens: await finish(redirected) }
      } finally {
        listener.stop()
      }
    }
    const status = async (client: LibraryClient, token: string) =>
      (await client.call(token, "GET", "/v1/me")).status

    test("discovery finds the same metadata by both well-known paths", async () => {
      const documents = await Promise.all(
        (["oauth2", "oidc"] as const).map((algorithm) =>
          connect({ server: world.server, client: world.clients.cli, algorithm }),
        ),
      )
      const [oauth2, oidc] = documents.map(({ metadata }) => ({ ...metadata }))
      expect(oauth2).toMatchObject({
        issuer: world.server.url,
        token_endpoint: `${world.server.url}/oauth/token`,
      })
      expect(oidc).toEqual(oauth2)
    })

    test.each([
      ["cli", "none"],
      ["dashboard", "client_secret_basic"],
      ["dashboard", "client_secret_post"],
      ["awkward", "client_secret_basic"],
      ["awkward", "client_secret_post"],
    ] as const)("%s signs in by code with %s, refreshes, and signs out", async (name, method) => {
      const client = await connectAs(name, { method })
      const { redirected, tokens } = await signIn(client)
      expect(redirected.searchParams.get("iss")).toBe(world.server.url)
      expect(tokens).toMatchObject({ token_type: "bearer", scope: SCOPE })
      expect(tokens.expires_in).toBeGreaterThan(3500)
      expect(tokens.expires_in).toBeLessThanOrEqual(3600)
      const me = await client.call(tokens.access_token, "GET", "/v1/me")
      expect(await me.json()).toMatchObject({ data: { account: { email: ada.email } } })

      const refreshed = await client.refresh(tokens.refresh_token ?? "")
      expect(refreshed).toMatchObject({ token_type: "bearer", scope: SCOPE, session_id: tokens.session_id })
      expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
      expect(await status(client, refreshed.access_token)).toBe(200)

      await client.revoke(refreshed.refresh_token ?? "")
      expect(await statusWith(world.server, refreshed.access_token)).toBe(401)
      const again = client.refresh(refreshed.refresh_token ?? "")
      await expect(again).rejects.toMatchObject(INVALID_GRANT)
    })

    test("a wrong secret is invalid_client", async () => {
      const client = { id: "dashboard", secret: `${world.clients.dashboard.secret}x` }
      const impostor = await connect({ server: world.server, client })
      await expect(signIn(impostor)).rejects.toMatchObject({ status: 401 })
    })

    test("a denial comes back as access_denied, with `state` and `iss` that the library accepts", async () => {
      const client = await connectAs("cli")
      const listener = await listenForRedirect()
      const { url, finish } = await client.begin({ redirectUri: listener.redirectUri, scope: SCOPE })
      const redirected = await decideOn(world, url, listener, "Deny")
      listener.stop()
      await expect(finish(redirected)).rejects.toMatchObject({ error: "access_denied" })
    })

    test("a request that is pushed first leaves nothing of it in the browser", async () => {
      for (const name of ["cli", "dashboard"] as const) {
        const { url, tokens } = await signIn(await connectAs(name), { pushed: true })
        expect([...new URL(url).searchParams.keys()].toSorted()).toEqual(["client_id", "request_uri"])
        expect(tokens.scope).toBe(SCOPE)
      }
    })

    test("S22 a code that is redeemed twice by its client ends the session", async () => {
      const client = await connectAs("cli")
      const { redirected, finish, tokens } = await signIn(client)
      await expect(finish(redirected)).rejects.toMatchObject(INVALID_GRANT)
      expect(await statusWith(world.server, tokens.access_token)).toBe(401)
      await expect(client.refresh(tokens.refresh_token ?? "")).rejects.toMatchObject(INVALID_GRANT)
    })

    test("a refresh that lost its answer gets the same one again; a replay later ends everything", async () => {
      const client = await connectAs("cli")
      const { tokens: first } = await signIn(client)
      const lost = await client.refresh(first.refresh_token ?? "")
      const second = await client.refresh(first.refresh_token ?? "")
      const { access_token, refresh_token } = lost
      expect(second).toMatchObject({ access_token, refresh_token })
      const third = await client.refresh(second.refresh_token ?? "")
      expect(await status(client, third.access_token)).toBe(200)

      for (const { refresh_token = "" } of [first, third]) {
        await expect(client.refresh(refresh_token)).rejects.toMatchObject(INVALID_GRANT)
      }
      for (const { access_token } of [first, second, third]) {
        expect(await statusWith(world.server, access_token)).toBe(401)
      }
    })

    test("an access token that is revoked takes its session along", async () => {
      const client = await connectAs("dashboard")
      const { tokens } = await signIn(client)
      await client.revoke(tokens.access_token)
      expect(await statusWith(world.server, tokens.access_token)).toBe(401)
      await expect(client.refresh(tokens.refresh_token ?? "")).rejects.toMatchObject(INVALID_GRANT)
      await client.revoke(tokens.access_token)
    })

    test("a resource server learns what an access token is good for, and that it ended", async () => {
      const client = await connectAs("cli")
      const api = await connectAs("api")
      const { tokens } = await signIn(client)
      expect(await api.introspect(tokens.access_token)).toMatchObject({
        ...{ active: true, scope: SCOPE, client_id: "cli", username: ada.email, iss: world.server.url },
        ...{ token_type: "Bearer", sid: tokens.session_id },
      })
      expect(await api.introspect(tokens.refresh_token ?? "")).toEqual({ active: false })
      await client.revoke(tokens.access_token)
      expect(await api.introspect(tokens.access_token)).toEqual({ active: false })
      const stranger = await connectAs("dashboard")
      await expect(stranger.introspect(tokens.access_token)).rejects.toMatchObject({ status: 403 })
    })

    test.each([
      ["cli", false],
      ["vault", false],
      ["vault", true],
      ["dashboard", true],
    ] as const)("%s binds its tokens to a key with DPoP (pushed first: %s)", async (name, pushed) => {
      const client = await connectAs(name, { dpop: true })
      const { tokens } = await signIn(client, { pushed })
      expect(tokens.token_type).toBe("dpop")
      expect(await status(client, tokens.access_token)).toBe(200)
      expect(await statusWith(world.server, tokens.access_token)).toBe(401)

      const refreshed = await client.refresh(tokens.refresh_token ?? "")
      expect(refreshed.token_type).toBe("dpop")
      expect(await status(client, refreshed.access_token)).toBe(200)

      const thief = await connectAs(name, { dpop: true })
      await expect(status(thief, refreshed.access_token)).rejects.toMatchObject({ status: 401 })
      await client.revoke(refreshed.refresh_token ?? "")
      await expect(status(client, refreshed.access_token)).rejects.toMatchObject({ status: 401 })
    })

    test("what DPoP was required or begun with is refused without it, and to another key", async () => {
      const bound = await connectAs("cli", { dpop: true })
      const { tokens } = await signIn(bound)
      for (const other of [await connectAs("cli"), await connectAs("cli", { dpop: true })]) {
        await expect(other.refresh(tokens.refresh_token ?? "")).rejects.toMatchObject(INVALID_GRANT)
      }
      expect((await bound.refresh(tokens.refresh_token ?? "")).token_type).toBe("dpop")
      await expect(signIn(await connectAs("vault"))).rejects.toMatchObject({ error: "invalid_dpop_proof" })
    })
  })

  test("S45 S53 after all of this neither the server's log nor its files hold a token, a code or a client secret", async () => {
    const { dataDirectory } = world.server
    const files = (await readdir(dataDirectory)).map((name) => join(dataDirectory, name))
    const stored = await Promise.all(files.map((file) => readFile(file, "latin1")))
    expect(world.server.log()).toContain("/oauth/token")
    for (const text of [world.server.log(), stored.join("\n")]) {
      expect(text).not.toMatch(/alchemy_[a-z]{2}_[\w-]{20}/)
      for (const { secret } of Object.values(world.clients)) if (secret) expect(text).not.toContain(secret)
    }
  })
})
