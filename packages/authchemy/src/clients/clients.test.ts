import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digestOf } from "@authchemy/tokens"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { parseConfig } from "../config.ts"
import { onEachDatabase } from "../database/testing.ts"
import { type CommandServices, openCommandServices } from "../services.ts"
import { ALCHEMY_CLI, type Client } from "./client.ts"
import { type Clients, createClients } from "./clients.ts"

const NOW = Date.parse("2026-11-23T22:05:00.000Z")
const FILED: Client = { ...ALCHEMY_CLI, id: "filed", name: "Filed" }
const cli = { id: "my-cli", name: "My CLI", redirectUris: ["http://127.0.0.1/done"], confidential: false }
const api = { id: "api", name: "API", resourceServer: true, confidential: true }

let directory: string
let services: CommandServices
let clients: Clients
onEachDatabase((under) => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "authchemy-clients-"))
    services = await openCommandServices(
      parseConfig({ AUTHCHEMY_DATA_DIR: directory, ...(await under.env()) }),
    )
  })
  beforeEach(async () => {
    await services.database.deleteFrom("client").execute()
    clients = createClients({ database: services.database, fromFile: [FILED], now: () => NOW })
  })
  afterAll(async () => {
    await services.close()
    await rm(directory, { recursive: true })
  })

  test("what was added is found as it was, by every server", async () => {
    const { client, secret } = await clients.add({
      ...cli,
      requireDpop: true,
      grants: ["authorization_code"],
    })
    expect(secret).toBeNull()
    expect(client).toEqual({
      id: "my-cli",
      name: "My CLI",
      secretDigest: null,
      redirectUris: ["http://127.0.0.1/done"],
      grants: ["authorization_code"],
      requireDpop: true,
      resourceServer: false,
    })
    expect(await clients.find("my-cli")).toEqual(client)
    expect(await services.clients.find("my-cli")).toEqual(client)
    const row = await services.database.selectFrom("client").selectAll().executeTakeFirst()
    expect(row?.created_at).toBe("2026-11-23T22:05:00.000Z")
  })

  test("what a removed client's sessions were stays dead when the id is registered anew", async () => {
    await clients.add(cli)
    const session = { clientId: "my-cli", createdAt: NOW + 1 }
    expect(await clients.findOfSession(session)).toMatchObject({ id: "my-cli" })
    await clients.remove("my-cli")
    expect(await clients.findOfSession(session)).toBeNull()
    const later = createClients({ database: services.database, fromFile: [FILED], now: () => NOW + 2 })
    await later.add(cli)
    expect(await clients.findOfSession(session)).toBeNull()
    expect(await clients.findOfSession({ ...session, createdAt: NOW + 2 })).toMatchObject({ id: "my-cli" })
    expect(await clients.findOfSession({ clientId: "filed", createdAt: 0 })).toEqual(FILED)
    expect(await clients.findOfSession({ clientId: ALCHEMY_CLI.id, createdAt: 0 })).toEqual(ALCHEMY_CLI)
  })

  test("of a secret, only the digest is kept", async () => {
    const randomBytes = (size: number) => new Uint8Array(size).fill(7)
    const seeded = createClients({ database: services.database, fromFile: [], now: () => NOW, randomBytes })
    const { client, secret } = await seeded.add(api)
    expect(secret).toBe(`alchemy_cs_${Buffer.alloc(32, 7).toString("base64url")}`)
    expect(client.secretDigest).toBe(digestOf(secret ?? ""))
    const rows = await services.database.selectFrom("client").selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(secret?.slice(11))
  })

  test("built-in and filed clients are answered without the database", async () => {
    const path = join(directory, "closed")
    const env = { AUTHCHEMY_DATA_DIR: path, ...(await under.env()) }
    const closed = await openCommandServices(parseConfig(env))
    await closed.close()
    const offline = createClients({ database: closed.database, fromFile: [FILED], now: () => NOW })
    expect(await offline.find("alchemy-cli")).toBe(ALCHEMY_CLI)
    expect(await offline.find("filed")).toBe(FILED)
    expect(await offline.find("no id\0")).toBeNull()
    expect(await offline.remove("no id\0")).toBe(false)
    await expect(offline.find("other")).rejects.toThrow()
  })

  test("the list goes in the order in which clients count", async () => {
    await clients.add(cli)
    await services.clients.add({ ...cli, id: "filed" })
    expect((await clients.list()).map(({ client, origin }) => [client.id, origin])).toEqual([
      ["alchemy-cli", "built-in"],
      ["filed", "file"],
      ["my-cli", "database"],
      ["filed", "database"],
    ])
    expect(await clients.find("filed")).toBe(FILED)
  })

  describe("adding", () => {
    test.each(["alchemy-cli", "filed", "my-cli"])("%s again is refused", async (id) => {
      await clients.add(cli)
      await expect(clients.add({ ...cli, id })).rejects.toMatchObject({ code: "client_exists" })
      expect(await clients.list()).toHaveLength(3)
    })

    test("the same id ten times at once makes one client", async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => clients.add(api)))
      const made = outcomes.filter((outcome) => outcome.status === "fulfilled")
      expect(made).toHaveLength(1)
      expect(await clients.find("api")).toEqual(made[0]?.value.client)
    })

    test("a registration that cannot be is refused by its fields", async () => {
      await expect(clients.add({ ...api, id: "", confidential: false })).rejects.toMatchObject({
        code: "invalid_client",
        problems: [{ field: "id" }],
      })
      await expect(clients.add({ ...api, confidential: false })).rejects.toMatchObject({
        code: "invalid_client",
        problems: [{ field: "secretDigest" }],
      })
      expect(await services.database.selectFrom("client").selectAll().execute()).toEqual([])
    })
  })

  test("removing takes out of the database, and nothing else", async () => {
    await clients.add(cli)
    expect(await clients.remove("my-cli")).toBe(true)
    expect(await clients.find("my-cli")).toBeNull()
    expect(await clients.remove("my-cli")).toBe(false)
    for (const id of ["alchemy-cli", "filed"]) {
      await expect(clients.remove(id)).rejects.toMatchObject({ code: "client_fixed" })
    }
    await services.clients.add({ ...cli, id: "filed" })
    expect(await clients.remove("filed")).toBe(true)
    await expect(clients.remove("filed")).rejects.toMatchObject({ code: "client_fixed" })
  })
})
