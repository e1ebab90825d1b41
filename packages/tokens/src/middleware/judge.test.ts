import { expect, test, vi } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import type { Session } from "../token-service.ts"
import { judge } from "./judge.ts"

const SESSION: Session = {
  id: "session",
  accountId: "ann",
  clientId: "alchemy-cli",
  scopes: ["apps:read", "account:read"],
  device: {},
  keyThumbprint: null,
  createdAt: 0,
  lastUsedAt: 0,
  expiresAt: 1,
}

function ask(
  authorization: string | undefined,
  url = "/notes",
  verify = vi.fn(async () => SESSION as Session | null),
) {
  return { verify, judged: judge({ verify }, { authorization, url }, ["apps:read"]) }
}

async function refusalOf(asked: ReturnType<typeof ask>) {
  const { refusal } = await asked.judged
  const { error, error_description } = JSON.parse(refusal?.body ?? "{}")
  expect(error_description).toMatch(/\.$/)
  expect(refusal?.headers["Cache-Control"]).toBe("no-store")
  return { status: refusal?.status, challenge: refusal?.headers["WWW-Authenticate"], error }
}

test.each(["Bearer t0ken", "bearer t0ken", "BEARER   t0ken  "])(
  "a good token is let in: %s",
  async (authorization) => {
    const { verify, judged } = ask(authorization, "/notes?page=2")
    expect(await judged).toEqual({ session: SESSION })
    expect(verify).toHaveBeenCalledWith("t0ken")
  },
)

test.each([undefined, "Basic YTpi", "DPoP t0ken", "", "Bearertoken"])(
  "who sends no bearer token is told what is wanted, without an error code in the challenge: %s",
  async (authorization) => {
    const asked = ask(authorization)
    expect(await refusalOf(asked)).toEqual({ status: 401, challenge: "Bearer", error: "invalid_token" })
    expect(asked.verify).not.toHaveBeenCalled()
  },
)

test.each(["Bearer", "Bearer ", "Bearer a b", "Bearer töken", "Bearer a,b c"])(
  "what is no token is refused like an unknown one: %s",
  async (authorization) => {
    const asked = ask(authorization)
    expect(await refusalOf(asked)).toMatchObject({ status: 401, challenge: 'Bearer error="invalid_token"' })
    expect(asked.verify).not.toHaveBeenCalled()
  },
)

test("an unknown, expired, revoked or bound token", async () => {
  const asked = ask(
    "Bearer t0ken",
    "/",
    vi.fn(async () => null),
  )
  expect(await refusalOf(asked)).toEqual({
    status: 401,
    challenge: 'Bearer error="invalid_token"',
    error: "invalid_token",
  })
})

test("a scope that is missing: 403, and which were needed", async () => {
  const { refusal } = await judge(
    { verify: async () => SESSION },
    { authorization: "Bearer t0ken", url: "/" },
    ["apps:read", "apps:write"],
  )
  expect(refusal?.status).toBe(403)
  expect(refusal?.headers["WWW-Authenticate"]).toBe(
    'Bearer error="insufficient_scope", scope="apps:read apps:write"',
  )
})

test.each(["/notes?access_token=t0ken", "https://api.example.com/notes?x=1&access_token="])(
  "S28 a credential in the query is refused, beside a good one too: %s",
  async (url) => {
    const asked = ask("Bearer t0ken", url)
    expect(await refusalOf(asked)).toMatchObject({ status: 400, challenge: 'Bearer error="invalid_request"' })
    expect(asked.verify).not.toHaveBeenCalled()
  },
)

test("S52 where nothing is known: 503 with Retry-After, and no challenge", async () => {
  const asked = ask(
    "Bearer t0ken",
    "/",
    vi.fn(() => Promise.reject(new StoreUnavailableError(new Error("gone")))),
  )
  expect(await refusalOf(asked)).toEqual({
    status: 503,
    challenge: undefined,
    error: "temporarily_unavailable",
  })
  expect((await asked.judged).refusal?.headers["Retry-After"]).toBe("1")
})

test("any other failure is the caller's to see", async () => {
  const asked = ask(
    "Bearer t0ken",
    "/",
    vi.fn(() => Promise.reject(new RangeError("a fault"))),
  )
  await expect(asked.judged).rejects.toBeInstanceOf(RangeError)
})
