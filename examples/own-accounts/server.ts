// An application that has its own people, with Authchemy inside: who is signed in to a browser is this file's to say, by a signed cookie.
import { randomUUID } from "node:crypto"
import { serve } from "@hono/node-server"
import { type Accounts, createApp } from "authchemy"
import { Hono } from "hono"
import { html } from "hono/html"
import { parseSigned, serialize, serializeSigned } from "hono/utils/cookie"

const { AUTHCHEMY_PORT = "4000", COOKIE_SECRET = randomUUID(), PASSWORD = randomUUID() } = process.env
// Yours: a table of people, with digests of their passwords.
const people = [{ id: "1", email: "ada@example.com", name: "Ada", password: PASSWORD }]

const accounts: Accounts = {
  async browserSession(request) {
    const { me } = await parseSigned(request.headers.get("cookie") ?? "", COOKIE_SECRET, "me")
    const [id, sessionId] = me ? me.split(".") : []
    const account = id === undefined ? null : await this.find(id)
    return account === null || sessionId === undefined ? null : { account, sessionId }
  },
  async find(accountId) {
    const person = people.find(({ id }) => id === accountId)
    return person === undefined ? null : { id: person.id, email: person.email, name: person.name }
  },
  signInUrl: (returnTo) => `/my-sign-in?${new URLSearchParams({ return_to: returnTo })}`,
  signOut: async () => [serialize("me", "", { ...cookie, maxAge: 0 })],
}

const authchemy = await createApp({ accounts })
const secure = authchemy.issuer.startsWith("https:")
const cookie = { path: "/", httpOnly: true, sameSite: "Lax", secure } as const
const app = new Hono()

app.get("/my-sign-in", (c) =>
  c.html(html`<!doctype html><title>Sign in</title><form method="post">
<input type="hidden" name="return_to" value="${c.req.query("return_to") ?? "/"}">
<label>Email <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>`),
)

app.post("/my-sign-in", async (c) => {
  const { email, password, return_to } = await c.req.parseBody<Record<string, string>>()
  const person = people.find((one) => one.email === email && one.password === password)
  if (person === undefined) return c.text("The email or the password is wrong.", 401)
  const value = `${person.id}.${randomUUID()}`
  c.header("Set-Cookie", await serializeSigned("me", value, COOKIE_SECRET, cookie))
  // A path of this application, in no disguise: not //elsewhere, /\elsewhere, or one with a tab in it.
  return c.redirect(/^\/(?!\/)[^\\\s]*$/.test(return_to ?? "") ? (return_to ?? "/") : "/", 303)
})

// Everything else is Authchemy's: /login, /device, /api/cli, /oauth, /v1, /sessions, …
app.all("*", (c) => authchemy.fetch(c.req.raw, c.env))

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(AUTHCHEMY_PORT) }, () =>
  console.log(`listening on ${authchemy.issuer}`),
)
process.once("SIGTERM", () => server.close(() => authchemy.close()))
