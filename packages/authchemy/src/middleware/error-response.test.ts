import { WIRE_ERRORS } from "@authchemy/protocol"
import { StoreUnavailableError } from "@authchemy/tokens"
import { Hono } from "hono"
import { describe, expect, test } from "vitest"
import { createSite } from "../pages/site.ts"
import { errorResponse, notFoundResponse } from "./error-response.ts"
import type { AppEnv } from "./request-log.ts"
import { RequestRefused } from "./request-refused.ts"
import { useSite } from "./site.ts"

/** What is answered at a path whose route threw. */
async function answerTo(path: string, error: Error) {
  const app = new Hono<AppEnv>()
  app.use(useSite(createSite({ name: "Test", logo: null, accent: null }, { hasSecurityPage: true })))
  app.use((c, next) => {
    c.set("requestId", "request-1")
    return next()
  })
  app.onError(errorResponse({ error: () => {} } as never))
  app.notFound(notFoundResponse)
  app.get(path, () => {
    throw error
  })
  return app.request(path, { headers: { Accept: "text/html" } })
}

/** What the person can do next, as the page says it. */
async function adviceAt(path: string, error: Error): Promise<string> {
  const page = await (await answerTo(path, error)).text()
  return /<p class="lead">.*?<\/p>\n<p>(.*?)<\/p>/s.exec(page)?.[1] ?? ""
}

const refused = new RequestRefused(403, WIRE_ERRORS.forbidden, "This page has expired.")

describe("a page for people says what to do next", () => {
  test.each(["/login", "/device", "/oauth/authorize"])("at %s: in the terminal", async (path) => {
    expect(await adviceAt(path, refused)).toBe("Go back to your terminal and start again.")
  })

  test.each(["/sign-in", "/create-account", "/sign-in/providers/acme", "/devices", "/loginx"])(
    "at %s: at the start page",
    async (path) => {
      expect(await adviceAt(path, refused)).toBe('Begin again at the <a href="/">start page</a>.')
    },
  )

  test("at a page of the account: there, and that nothing was changed", async () => {
    expect(await adviceAt("/apps/app_1/networks", refused)).toBe(
      'Nothing was changed. Open <a href="/apps">Apps</a> and repeat what you did.',
    )
    expect(await adviceAt("/security/password", refused)).toContain('<a href="/security">Security</a>')
    expect(await adviceAt("/sessions", refused)).toMatch(/^Nothing was ended\. .*"\/sessions"/)
    expect(await adviceAt("/appsx", refused)).toContain("start page")
  })

  test("of too many requests: when, and nothing of a terminal", async () => {
    const sentence = "Too many requests came from this address. Try again in 3 minutes."
    const headers = { "Retry-After": "170" }
    const tooMany = new RequestRefused(429, WIRE_ERRORS.rateLimited, sentence, headers)
    const response = await answerTo("/sign-in/providers/acme", tooMany)
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "170"])
    const page = await response.text()
    expect(page).toContain(`<p class="lead">${sentence}</p>`)
    expect(page).toContain("When that time has passed, go back and repeat what you did.")
    expect(page).not.toContain("terminal")
  })

  test("of a path that is not there: the start page", async () => {
    const none = new RequestRefused(404, WIRE_ERRORS.notFound, "There is no such app.")
    const advice = 'Check the address, or begin again at the <a href="/">start page</a>.'
    expect(await adviceAt("/apps/app_1", none)).toBe(advice)
    expect(await adviceAt("/login", none)).toBe(advice)
  })

  test("of the server's own faults: whom to tell, with the request's id", async () => {
    const page = await (await answerTo("/login", new Error("boom"))).text()
    expect(page).toContain("tell whoever runs this server the reference below")
    expect(page).toContain("reference <code>request-1</code>")
    expect(page).not.toContain("boom")
    expect(await adviceAt("/login", new StoreUnavailableError(null))).toBe("Reload this page in a moment.")
  })
})

test.each([
  ["/api/cli/token", { error: "forbidden", error_description: "This page has expired." }],
  ["/oauth/token", { error: "forbidden", error_description: "This page has expired." }],
  ["/v1/apps", { error: "forbidden", message: "This page has expired." }],
])("at %s it is JSON, whatever is asked for", async (path, body) => {
  const response = await answerTo(path, refused)
  expect([response.status, await response.json()]).toEqual([403, body])
})
