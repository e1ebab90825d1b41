import { type IncomingHttpHeaders, request } from "node:http"

/** What a server answered, redirects not followed. */
export type Answer = { status: number; headers: IncomingHttpHeaders; text: string }

/** A request with any headers at all, `Host` among them, which `fetch` keeps to itself. */
export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; fields?: Record<string, string> } = {},
): Promise<Answer> {
  const { method = "GET", fields } = options
  const body = fields === undefined ? "" : new URLSearchParams(fields).toString()
  const form = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) }
  const headers = { ...(fields === undefined ? {} : form), ...options.headers }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    sent.once("error", reject).end(body)
  })
}

/** A cookie jar's content as a `Cookie` header. */
export function cookieHeader(cookies: readonly { name: string; value: string }[]): string {
  return cookies.map(({ name, value }) => `${name}=${value}`).join("; ")
}
