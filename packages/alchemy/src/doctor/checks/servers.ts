import type { Check, Finding } from "../check.ts"
import type { Answer } from "../reach.ts"

/** Whether the auth server answers, and says what it is (RFC 8414). */
export const authServer: Check = {
  id: "auth-server",
  title: "auth server",
  asksServers: true,
  look: async (patient) => {
    const { authUrl } = await patient.settings()
    const answer = await patient.authServer()
    const lookedAt = `${authUrl}: name, connection, TLS, metadata`
    return { lookedAt, ...foundIn(authUrl, answer, { json: true }) }
  },
}

/** Whether the admin API answers. */
export const adminApi: Check = {
  id: "admin-api",
  title: "admin API",
  asksServers: true,
  look: async (patient) => {
    const { authUrl, adminUrl } = await patient.settings()
    const answer = await patient.adminServer()
    const { todo, ...found } = foundIn(adminUrl, answer)
    // Where both are one server, it has been said already.
    const said = authUrl === adminUrl && !answer.reached
    const lookedAt = `${adminUrl}: name, connection, TLS, /healthz`
    return { lookedAt, ...found, ...(said ? {} : { todo }) }
  },
}

type Found = Pick<Finding, "found" | "verdict" | "todo">

/** Any answer of its own shows that a server is there: not every one has the path that was asked for. */
function foundIn(url: string, answer: Answer, wants: { json?: boolean } = {}): Found {
  if (!answer.reached) {
    return { found: `${url} could not be reached: ${answer.reason}`, verdict: "problem", todo: answer.todo }
  }
  const { status, body, sent, received } = answer
  if (status === 0 || (status >= 300 && status < 400)) {
    return {
      found: `${url} sends on to another address (${status}), which is not followed`,
      verdict: "problem",
      todo: "Open it in a browser: the network may want a sign-in of its own first. Else check the address.",
    }
  }
  if (status >= 500) {
    const todo = "Try again in a moment. Whoever runs the server can say more."
    return { found: `${url} answers that something is wrong with it (${status})`, verdict: "problem", todo }
  }
  if (wants.json && status === 200 && !isJsonObject(body)) {
    return {
      found: `${url} answers with something else than a sign-in server would`,
      verdict: "problem",
      todo: "Check the address. Some networks show a page of their own until one has signed in to them.",
    }
  }
  const took = Math.max(0, received - sent)
  return { found: `${url} answers (${status}, ${took} ms)`, verdict: "ok" }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
