// A small API behind Authchemy: it asks the authorization server about tokens over HTTP, and keeps the answers in memory for as long as it is told of every sign-out.
import { createVerifier } from "@authchemy/tokens"
import { createGuard } from "@authchemy/tokens/express"
import express from "express"

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", PORT = "5001" } = process.env

const verifier = await createVerifier({
  issuer: ISSUER,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  onError: (error) => console.error(error.message),
})
const { requireToken, sessionOf } = createGuard(verifier)
const notes = new Map<string, string[]>()

const app = express()
app.use(express.json({ limit: "16kb" }))

app.get("/notes", requireToken("apps:read"), (request, response) => {
  response.json({ notes: notes.get(sessionOf(request).accountId) ?? [] })
})

app.post("/notes", requireToken("apps:write"), (request, response) => {
  const { accountId } = sessionOf(request)
  const { text } = (request.body ?? {}) as { text?: unknown }
  if (typeof text !== "string" || text === "") {
    response.status(400).json({ error: "invalid_request", error_description: "text is required" })
    return
  }
  notes.set(accountId, [...(notes.get(accountId) ?? []), text])
  response.status(201).json({ text })
})

const server = app.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address()
  console.log(`listening on http://127.0.0.1:${typeof address === "object" ? address?.port : PORT}`)
})

process.once("SIGTERM", async () => {
  server.close()
  server.closeAllConnections()
  await verifier.close()
})
