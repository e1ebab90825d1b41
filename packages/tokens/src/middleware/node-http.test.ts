import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import type { Session } from "../token-service.ts"
import { createGuard as createExpressGuard } from "./express.ts"
import { createGuard as createNodeGuard } from "./node-http.ts"

const SESSION: Session = {
  id: "session",
  accountId: "ann",
  clientId: "alchemy-cli",
  scopes: ["apps:read"],
  device: {},
  keyThumbprint: null,
  createdAt: 0,
  lastUsedAt: 0,
  expiresAt: 1,
}

/** A verifier that knows one token, cannot tell of another, and has a fault with a third. */
const verifier = {
  verify: async (token: string) => {
    if (token === "unknowable") throw new StoreUnavailableError(new Error("gone"))
    if (token === "faulty") throw new RangeError("a fault")
    return token === "good" ? SESSION : null
  },
}

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(listener: RequestListener) {
  server = createServer(listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return (token: string | null, path = "/notes") =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    })
}

/** `node:http` as its example says. */
function nodeHandler(): RequestListener {
  const guard = createNodeGuard(verifier)
  return async (request, response) => {
    const scope = request.url === "/write" ? "apps:write" : "apps:read"
    const session = await guard(request, response, [scope])
    if (session !== null) response.end(session.accountId)
  }
}

/** What Express does with middleware, without Express. */
function expressHandler(): RequestListener {
  const { requireToken, sessionOf } = createExpressGuard(verifier)
  return (request, response) => {
    const scope = request.url === "/write" ? "apps:write" : "apps:read"
    requireToken(scope)(request, response, (error) => {
      if (error === undefined) response.end(sessionOf(request).accountId)
      else response.writeHead(500).end()
    })
  }
}

describe.each([
  ["node:http", nodeHandler],
  ["Express", expressHandler],
])("the guard for %s", (_, handler) => {
  test("lets in, and refuses with the answers of judge.ts", async () => {
    const ask = await serve(handler())
    const good = await ask("good")
    expect([good.status, await good.text()]).toEqual([200, "ann"])
    const missing = await ask(null)
    expect([missing.status, missing.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
    expect(missing.headers.get("content-type")).toBe("application/json")
    expect(await missing.json()).toMatchObject({ error: "invalid_token" })
    expect((await ask("bad")).status).toBe(401)
    expect((await ask("good", "/write")).status).toBe(403)
    expect((await ask("good", "/notes?access_token=good")).status).toBe(400)
    const unknown = await ask("unknowable")
    expect([unknown.status, unknown.headers.get("retry-after")]).toEqual([503, "1"])
  })
})

test("Express: a fault is handed to its error handler", async () => {
  const ask = await serve(expressHandler())
  expect((await ask("faulty")).status).toBe(500)
})

test("Express: asking for a session where nothing guards is a mistake that says so", async () => {
  const { sessionOf } = createExpressGuard(verifier)
  const ask = await serve((request, response) => {
    expect(() => sessionOf(request)).toThrow(/requireToken/)
    response.end()
  })
  await ask("good")
})
