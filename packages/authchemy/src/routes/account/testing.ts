import { type AppUnderTest, form } from "../testing.ts"

/** A browser in which somebody is signed in, in front of the app. */
export type BrowserUnderTest = {
  cookie: string
  accountId: string
  get(path: string): Promise<Response>
  /** The markup of a page. */
  page(path: string): Promise<string>
  /** The token of the forms on a page. */
  formToken(path: string): Promise<string>
  /** Posts a form that was on a page. @param from the page's path; the form's own where left out */
  post(path: string, fields: Record<string, string>, from?: string): Promise<Response>
}

/** Signs a new browser in, to an account that is made where it is missing. */
export async function openBrowserUnderTest(under: AppUnderTest, email?: string): Promise<BrowserUnderTest> {
  const cookie = await under.signIn(email)
  const headers = { Cookie: cookie }
  const get = async (path: string) => under.app.request(path, { headers })
  const page = async (path: string) => (await get(path)).text()
  const formToken = async (path: string) => {
    const token = formTokenIn(await page(path))
    if (token === null) throw new Error(`${path} has no form with a token`)
    return token
  }
  const request = new Request("http://localhost:4000/", { headers })
  const session = await under.accounts.browserSession(request)
  return {
    cookie,
    accountId: session?.account.id ?? "",
    ...{ get, page, formToken },
    post: async (path, fields, from = path) =>
      under.app.request(path, form({ form_token: await formToken(from), ...fields }, headers)),
  }
}

/** The token of the first form in a page that has one. */
export function formTokenIn(page: string): string | null {
  return /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? null
}

/** The text of the notice in a page, or of the summary of what is wrong. */
export function messageIn(page: string, role: "status" | "alert" = "status"): string | null {
  const message = new RegExp(`role="${role}"[^>]*>(.*?)</div>`, "s").exec(page)?.[1]
  return message === undefined ? null : message.replace(/<[^>]*>/g, "")
}

/** Status and target of a redirect. */
export function seeOther(response: Response): [number, string | null] {
  return [response.status, response.headers.get("location")]
}
