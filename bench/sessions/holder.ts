// A process of its own that verifies tokens, and so holds their sessions in memory. Argument: the URL of Redis. It answers each message, a token, with whether that is
// accepted.
import { createTokenService, openStore } from "@authchemy/tokens"

const store = await openStore({ sqlitePath: "", redisUrl: process.argv[2] ?? "" })
const engine = createTokenService({ store })
process.on("message", async ({ token }: { token: string }) => {
  process.send?.((await engine.verify(token)) !== null)
})
process.on("disconnect", () => process.exit(0))
process.send?.(true)
