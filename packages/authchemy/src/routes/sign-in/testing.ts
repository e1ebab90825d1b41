import { expect } from "vitest"
import { type AppUnderTest, form } from "../testing.ts"

/** A browser without JavaScript: it keeps cookies, and the page that it shows. */
export type BrowserUnderTest = {
  /** The page that was answered last. */
  page: string
  get(path: string): Promise<Response>
  /** Posts a form of the page, with the page's token where it has one. */
  post(path: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Response>
  /** Goes where the last answer leads. */
  follow(response: Response): Promise<Response>
  /** What it keeps, as a `Cookie` header. */
  cookies(): string
}

/** @param cookie what it has already, as a `Cookie` header */
export function openBrowser({ app }: Pick<AppUnderTest, "app">, cookie = ""): BrowserUnderTest {
  const jar = new Map(
    cookie
      .split("; ")
      .filter((pair) => pair !== "")
      .map((pair) => splitAt(pair, "=")),
  )
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ")
  const answered = async (response: Response): Promise<Response> => {
    for (const set of response.headers.getSetCookie()) {
      const [name, value] = splitAt(set.split(";")[0] ?? "", "=")
      if (/max-age=0/i.test(set)) jar.delete(name)
      else jar.set(name, value)
    }
    const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false
    if (isPage) browser.page = soundPage(await response.clone().text())
    return response
  }
  const browser: BrowserUnderTest = {
    page: "",
    get: async (path) =>
      answered(await app.request(path, { headers: { Accept: "text/html", Cookie: cookies() } })),
    post: async (path, fields = {}, headers = {}) => {
      const token = formTokenIn(browser.page)
      const all = token === null ? fields : { form_token: token, ...fields }
      return answered(
        await app.request(path, form(all, { Accept: "text/html", Cookie: cookies(), ...headers })),
      )
    },
    follow: async (response) => {
      expect(response.status).toBe(303)
      return browser.get(response.headers.get("location") ?? "")
    },
    cookies,
  }
  return browser
}

export function formTokenIn(page: string): string | null {
  return /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? null
}

/** The JSON object of an answer. */
export async function objectOf(response: Response): Promise<object> {
  const value: unknown = await response.json()
  if (typeof value !== "object" || value === null) throw new Error("the answer is no object")
  return value
}

/** Where an answer leads. */
export function seeOther(response: Response): [number, string | null] {
  return [response.status, response.headers.get("location")]
}

/** Checks what every page has to be; returns it. */
export function soundPage(page: string): string {
  expect(page.match(/<h1[ >]/g)).toHaveLength(1)
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  const named = / (?:for|aria-labelledby|aria-describedby|href|data-copy)="(#?[^"]*)"/g
  for (const [attribute, value = ""] of page.matchAll(named)) {
    const points = /^ (href|data-copy)/.test(attribute) ? value.startsWith("#") : true
    if (points) for (const id of value.replace("#", "").split(" ")) expect(ids).toContain(id)
  }
  expect(page.match(/ autofocus/g)?.length ?? 0).toBeLessThanOrEqual(1)
  expect(page).not.toMatch(/<script(?! type="module" src="\/assets\/)| style="| on\w+="/)
  // With the style sheet and the scripts, a page weighs less than 30 kB.
  expect(Buffer.byteLength(page)).toBeLessThan(13_000)
  return page
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + 1)]
}
