import { randomBytes } from "node:crypto"
import { digestOf, mintToken } from "@authchemy/tokens"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { loginUrl } from "./every-page/programs.ts"
import { beginSecondFactor, fill, press, signIn } from "./every-page/steps.ts"
import type { Person } from "./every-page/world.ts"
import { addAuthenticator } from "./people/authenticator.ts"
import { agreeAtUpstream } from "./people/provider.ts"
import { openProviderWorld, type ProviderWorld } from "./people/provider-world.ts"
import { totpOf } from "./people/totp.ts"
import { openPeopleWorld } from "./people/world.ts"
import { createWorld, onRedis, signIn as signInByStandIn, tokenOf } from "./people.ts"

describe("S17 a session cookie that was planted before the sign-in", () => {
  let world: ProviderWorld
  beforeAll(async () => {
    world = await openProviderWorld("SQLite", "s_numbers_sign_in")
  })
  afterAll(() => world.remove())

  const STEP_MS = 30_000
  type Way = {
    /** Prepares the account in the browser that will be used. */
    prepare(page: Page, person: Person): Promise<unknown>
    /** From the sign-in page, which is open, to being signed in. */
    go(page: Page, person: Person, prepared: unknown): Promise<void>
  }
  const openSecurity = async (page: Page, person: Person) => {
    await page.goto(`${world.server.url}/security`)
    await signIn(page, person)
  }
  const WAYS: Readonly<Record<string, Way>> = {
    "a password": { prepare: async () => {}, go: (page, person) => signIn(page, person) },
    "a password and a code": {
      prepare: async (page, person) => {
        await openSecurity(page, person)
        const secret = await beginSecondFactor(page, person)
        await fill(page, { "Code from the app": totpOf(secret) })
        await press(page, "Turn on")
        await press(page, "Sign out")
        return secret
      },
      go: async (page, person, secret) => {
        await signIn(page, person)
        await fill(page, { Code: totpOf(String(secret), Date.now() + STEP_MS) })
        await press(page, "Sign in")
      },
    },
    "a passkey": {
      prepare: async (page, person) => {
        await addAuthenticator(page)
        await openSecurity(page, person)
        await page.locator("#passkeys summary").click()
        await page.locator("#passkeys").getByLabel("Name").fill("Key")
        await page.locator("#passkeys").getByLabel("Your password").fill(person.password)
        await press(page, "Add passkey")
        await press(page, "Sign out")
      },
      go: async (page) => {
        await page.getByRole("button", { name: "Sign in with a passkey" }).click()
      },
    },
    "a provider": {
      prepare: async (_page, { email }) => world.known({ sub: email, email }),
      go: async (page, { email }) => {
        await page.getByRole("button", { name: "Continue with Example Company" }).click()
        await agreeAtUpstream(page, { sub: email, email, email_verified: true, name: "" })
      },
    },
  }

  test.each(Object.entries(WAYS))("is not the session after it: %s", async (_way, { prepare, go }) => {
    const [victim, mallory] = [await world.newPerson(), await world.newPerson()]
    const attacker = await world.newPage()
    await openSecurity(attacker, mallory)
    const planted = await attacker.context().cookies()
    expect(planted.length).toBeGreaterThan(0)

    const page = await world.newPage()
    const prepared = await prepare(page, victim)
    await page.goto(`${world.server.url}/sign-in?return_to=/sessions`)
    await page.context().addCookies(planted)
    await go(page, victim, prepared)
    await page.getByRole("heading", { name: "Sessions" }).waitFor()
    expect(await page.locator(".me").innerText()).toContain(victim.email)
    const after = await page.context().cookies()
    for (const { name, value } of planted)
      expect(after.find((cookie) => cookie.name === name)?.value, name).not.toBe(value)
    await attacker.goto(`${world.server.url}/sessions`)
    expect(await attacker.locator(".me").innerText()).toContain(mallory.email)
    await Promise.all([page.context().close(), attacker.context().close()])
  })
})

test("S33 X-Forwarded-For of whoever is no trusted proxy is not believed, on any page", async () => {
  const world = await openPeopleWorld("SQLite", "s_numbers_proxies", {
    env: { AUTHCHEMY_TRUSTED_PROXIES: "" },
  })
  try {
    const person = await world.newPerson()
    const page = await world.newPage({ extraHTTPHeaders: { "X-Forwarded-For": "203.0.113.99" } })
    await page.goto(loginUrl(world.server, { client: "x/1", address: "127.0.0.1" }))
    await signIn(page, person)
    const texts = [await page.getByRole("main").innerText()]
    for (const path of ["/sessions", "/activity"]) {
      await page.goto(world.server.url + path)
      texts.push(await page.getByRole("main").innerText())
    }
    for (const text of texts) {
      expect(text).toMatch(/127\.0\.0\.1|::1|this machine/)
      expect(text).not.toContain("203.0.113.99")
    }
  } finally {
    await world.remove()
  }
})

describe.each([
  ["SQLite", () => ({})],
  ["Redis", () => onRedis(35)],
])("S32 tokens that nobody has, on %s", (_store, env) => {
  test("are answered alike, and as quickly, whether or not they share the beginning of a digest with one that is good", async () => {
    const world = await createWorld("s_numbers_timing", { AUTHCHEMY_BREACHED_PASSWORDS_URL: "off", ...env() })
    try {
      await signInByStandIn(world)
      const real = await tokenOf(world)
      const accountId = await accountIdOf(world.server.url, real)
      const unknown = Array.from({ length: 40 }, () => mintToken("at", accountId, randomBytes))
      const alike = Array.from({ length: 8 }, () => tokenAlike(real, accountId))
      const call = async (token: string) => {
        const began = performance.now()
        const answer = await fetch(`${world.server.url}/v1/me`, {
          headers: { authorization: `Bearer ${token}` },
        })
        const text = await answer.text()
        return { ms: performance.now() - began, said: `${answer.status} ${text}` }
      }
      const times = { unknown: [] as number[], alike: [] as number[] }
      const said = new Set<string>()
      for (let round = 0; round < 400; round++) {
        for (const [kind, tokens] of [
          ["unknown", unknown],
          ["alike", alike],
        ] as const) {
          const answer = await call(tokens[round % tokens.length] ?? "")
          times[kind].push(answer.ms)
          said.add(answer.said)
        }
      }
      expect([...said]).toEqual([expect.stringMatching(/^401 /)])
      const [one, other] = [median(times.unknown), median(times.alike)]
      // Between two runs of the same calls medians differ by some hundredths; a comparison that stops early is far below that, too. This bound
      // finds a second look-up, or a record that is read where there should be none.
      expect(Math.abs(one - other)).toBeLessThan(0.25 * Math.max(one, other) + 0.2)
    } finally {
      await world.remove()
    }
  })
})

/** A token of the account, well-formed and unknown, whose digest begins with the same 12 bits. */
function tokenAlike(real: string, accountId: string): string {
  const prefix = digestOf(real).slice(0, 2)
  for (;;) {
    const token = mintToken("at", accountId, randomBytes)
    if (digestOf(token).startsWith(prefix)) return token
  }
}

async function accountIdOf(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  return ((await answer.json()) as { data: { account: { id: string } } }).data.account.id
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
