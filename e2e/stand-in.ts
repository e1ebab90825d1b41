/** A person with no browser: fills in the very pages over HTTP, as a form in a browser without JavaScript would. */
export type StandIn = {
  /** Opens a URL, following redirects with this person's cookies. */
  open(url: string): Promise<Page>
  /** Fills in the fields by their labels and presses the button of that name. */
  press(page: Page, button: string, fields?: Record<string, string>): Promise<Page>
}

export type Page = {
  /** Where the redirects ended. */
  url: string
  status: number
  headers: Headers
  html: string
  /** The text between the tags, white space folded. */
  text: string
}

/** Makes a stand-in with an empty cookie jar. */
export function createStandIn(options: { fetch?: typeof fetch } = {}): StandIn {
  const { fetch: send = fetch } = options
  const cookies = new Map<string, Map<string, string>>()

  const visit = async (url: string, init: RequestInit = {}): Promise<Page> => {
    let target = new URL(url)
    let request = init
    for (let hops = 0; hops < 10; hops++) {
      const jar = cookies.get(target.hostname) ?? new Map<string, string>()
      cookies.set(target.hostname, jar)
      const headers = new Headers(request.headers)
      headers.set("accept", "text/html")
      if (jar.size > 0)
        headers.set("cookie", Array.from(jar, ([name, value]) => `${name}=${value}`).join("; "))
      const response = await send(target, { ...request, headers, redirect: "manual" })
      for (const cookie of response.headers.getSetCookie()) keep(jar, cookie)
      const location = response.headers.get("location")
      if (response.status < 300 || response.status > 399 || location === null) {
        const html = await response.text()
        return {
          url: target.href,
          status: response.status,
          headers: response.headers,
          html,
          text: textOf(html),
        }
      }
      target = new URL(location, target)
      request = {}
    }
    throw new Error(`too many redirects from ${url}`)
  }

  return {
    open: (url) => visit(url),
    press: (page, button, fields = {}) => {
      const form = formWith(page.html, button)
      const body = new URLSearchParams(form.values)
      for (const [label, value] of Object.entries(fields)) body.set(nameOfField(form.html, label), value)
      const action = new URL(form.action, page.url)
      return visit(action.href, {
        method: "POST",
        body,
        headers: { origin: new URL(page.url).origin, "sec-fetch-site": "same-origin" },
      })
    },
  }
}

/**
 * From the URL that the terminal shows to the answer at the callback: signs in where asked, then presses *Approve* or *Deny*.
 * @returns the page that the command's listener answered with
 */
export async function signInAndDecide(
  person: { email: string; password: string },
  url: string,
  decision: "Approve" | "Deny" = "Approve",
  browser: StandIn = createStandIn(),
): Promise<Page> {
  return browser.press(await openSignedIn(person, url, browser), decision)
}

/**
 * What a person does with the complete address of a device code: signs in where asked, says that it is the code that the terminal
 * shows, and presses *Approve* or *Deny*.
 * @returns the page that says what was decided
 */
export async function compareAndDecide(
  person: { email: string; password: string },
  url: string,
  decision: "Approve" | "Deny" = "Approve",
  browser: StandIn = createStandIn(),
): Promise<Page> {
  const page = await openSignedIn(person, url, browser)
  return browser.press(await browser.press(page, "Continue"), decision)
}

/** Opens a URL, and signs in where asked. */
export async function openSignedIn(
  person: { email: string; password: string },
  url: string,
  browser: StandIn,
): Promise<Page> {
  const page = await browser.open(url)
  if (!page.html.includes(">Sign in</button>")) return page
  return browser.press(page, "Sign in", { Email: person.email, Password: person.password })
}

function keep(jar: Map<string, string>, cookie: string) {
  const [pair = "", ...attributes] = cookie.split(";")
  const [name = "", ...value] = pair.split("=")
  const gone = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
  if (gone) jar.delete(name.trim())
  else jar.set(name.trim(), value.join("="))
}

function formWith(
  html: string,
  button: string,
): { html: string; action: string; values: [string, string][] } {
  for (const [form] of html.matchAll(/<form\b[\s\S]*?<\/form>/g)) {
    const pressed = Array.from(form.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g)).find(
      ([, , label = ""]) => textOf(label) === button,
    )
    if (pressed === undefined) continue
    const values: [string, string][] = []
    for (const [input] of form.matchAll(/<input\b[^>]*>/g)) {
      const name = attribute(input, "name")
      if (name !== null) values.push([name, attribute(input, "value") ?? ""])
    }
    const name = attribute(pressed[1] ?? "", "name")
    if (name !== null) values.push([name, attribute(pressed[1] ?? "", "value") ?? ""])
    const opening = form.slice(0, form.indexOf(">"))
    return { html: form, action: attribute(opening, "action") ?? "", values }
  }
  throw new Error(`no button ${JSON.stringify(button)} on the page: ${textOf(html)}`)
}

function nameOfField(form: string, label: string): string {
  for (const [, attributes = "", content = ""] of form.matchAll(/<label\b([^>]*)>([\s\S]*?)<\/label>/g)) {
    if (textOf(content) !== label) continue
    const id = attribute(attributes, "for")
    const input = Array.from(form.matchAll(/<input\b[^>]*>/g), ([text]) => text).find(
      (text) => attribute(text, "id") === id,
    )
    const name = input === undefined ? null : attribute(input, "name")
    if (name !== null) return name
  }
  throw new Error(`no field labelled ${JSON.stringify(label)}`)
}

function attribute(tag: string, name: string): string | null {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? null : decoded(value)
}

function textOf(html: string): string {
  return decoded(html.replace(/<head>[\s\S]*?<\/head>|<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim()
}

function decoded(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " " }
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    return named[name] ?? whole
  })
}
