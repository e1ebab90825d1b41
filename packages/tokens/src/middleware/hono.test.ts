import { expect, test } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import type { Session } from "../token-service.ts"
import { createGuard, type HonoContext } from "./hono.ts"

const SESSION = { accountId: "ann", scopes: ["apps:read"] } as unknown as Session

const verifier = {
  verify: async (token: string) => {
    if (token === "unknowable") throw new StoreUnavailableError(new Error("gone"))
    return token === "good" ? SESSION : null
  },
}

async function ask(token: string | null, { path = "/notes", scope = "apps:read" as const } = {}) {
  const { requireToken, sessionOf } = createGuard(verifier)
  const headers = new Headers(token === null ? {} : { authorization: `Bearer ${token}` })
  const context: HonoContext = { req: { raw: { url: `http://localhost${path}`, headers } } }
  let letIn: string | null = null
  const answered = await requireToken(scope)(context, async () => {
    letIn = sessionOf(context).accountId
  })
  return { answered, letIn }
}

test("a good token goes on to the handler, which finds its session", async () => {
  expect(await ask("good")).toEqual({ answered: undefined, letIn: "ann" })
})

test("every other one is answered here, and nothing behind it runs", async () => {
  for (const [token, path, status] of [
    [null, "/notes", 401],
    ["bad", "/notes", 401],
    ["good", "/notes?access_token=good", 400],
    ["unknowable", "/notes", 503],
  ] as const) {
    const { answered, letIn } = await ask(token, { path })
    expect([answered?.status, letIn]).toEqual([status, null])
    expect(answered?.headers.get("content-type")).toBe("application/json")
  }
})

test("a session is asked for where nothing guards: a mistake that says so", () => {
  const context = { req: { raw: { url: "http://localhost/", headers: new Headers() } } }
  expect(() => createGuard(verifier).sessionOf(context)).toThrow(/requireToken/)
})
