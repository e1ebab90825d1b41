// A small API behind Authchemy, beside it: it reads sessions where the authorization server keeps them, in Redis.
import { createVerifier } from "@authchemy/tokens"
import { createGuard } from "@authchemy/tokens/hono"
import { serve } from "@hono/node-server"
import { Hono } from "hono"

const { REDIS_URL = "", PORT = "5002" } = process.env

const verifier = await createVerifier({
  redis: REDIS_URL,
  onError: (error) => console.error(error.message),
})
const { requireToken, sessionOf } = createGuard(verifier)
const notes = new Map<string, string[]>()

const app = new Hono()

app.get("/notes", requireToken("apps:read"), (c) =>
  c.json({ notes: notes.get(sessionOf(c).accountId) ?? [] }),
)

app.post("/notes", requireToken("apps:write"), async (c) => {
  const { accountId } = sessionOf(c)
  const { text } = await c.req.json<{ text?: unknown }>().catch(() => ({ text: undefined }))
  if (typeof text !== "string" || text === "") {
    return c.json({ error: "invalid_request", error_description: "text is required" }, 400)
  }
  notes.set(accountId, [...(notes.get(accountId) ?? []), text])
  return c.json({ text }, 201)
})

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(PORT) }, ({ port }) =>
  console.log(`listening on http://127.0.0.1:${port}`),
)

process.once("SIGTERM", async () => {
  server.close()
  await verifier.close()
})
