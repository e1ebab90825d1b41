// Better Auth as its documentation sets it up: SQLite (here in memory), e-mail and password, the bearer plugin, `toNodeHandler`. Environment: REDIS_URL for
// sessions in its secondary storage. Prints its port. `POST /seed` answers with the session token of a new account.
import { randomBytes } from "node:crypto"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { DatabaseSync } from "node:sqlite"
import { createClient } from "@redis/client"

const { REDIS_URL } = process.env

/** As much of Better Auth as the bench uses. */
type Auth = {
  options: object
  api: { signUpEmail(request: { body: object }): Promise<{ token: string }> }
}
/** Loads the bench's copy by a name that the compiler does not follow: types are checked where the bench is not installed, too. */
const load = (name: string) => import(name)
const { betterAuth }: { betterAuth(options: object): Auth } = await load("better-auth")
const { bearer }: { bearer(): object } = await load("better-auth/plugins/bearer")
const { toNodeHandler }: { toNodeHandler(auth: Auth): RequestListener } = await load("better-auth/node")
const { getMigrations }: { getMigrations(options: object): Promise<{ runMigrations(): Promise<void> }> } =
  await load("better-auth/db/migration")

/** A window's first count sets when it ends, in one step. */
const INCREMENT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
`

async function connectStorage(url: string) {
  const redis = createClient({ url })
  redis.on("error", (error) => console.error(error))
  await redis.connect()
  return {
    get: (key: string) => redis.get(key),
    getAndDelete: (key: string) => redis.getDel(key),
    increment: async (key: string, ttl: number) =>
      Number(await redis.eval(INCREMENT, { keys: [key], arguments: [String(ttl)] })),
    set: async (key: string, value: string, ttl?: number) => {
      await redis.set(key, value, ttl === undefined ? {} : { expiration: { type: "EX", value: ttl } })
    },
    delete: async (key: string) => {
      await redis.del(key)
    },
  }
}

const server = createServer()
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const { port } = server.address() as AddressInfo

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: randomBytes(32).toString("base64url"),
  database: new DatabaseSync(":memory:"),
  ...(REDIS_URL === undefined ? {} : { secondaryStorage: await connectStorage(REDIS_URL) }),
  emailAndPassword: { enabled: true },
  // Its limit of requests an address would refuse the load itself.
  rateLimit: { enabled: false },
  plugins: [bearer()],
})
await (await getMigrations(auth.options)).runMigrations()

async function seed() {
  const name = randomBytes(8).toString("hex")
  const body = { name, email: `${name}@example.com`, password: "correct horse battery" }
  return { accessToken: (await auth.api.signUpEmail({ body })).token }
}

const handle = toNodeHandler(auth)
server.on("request", async (request, response) => {
  if (request.url !== "/seed") return handle(request, response)
  response.end(JSON.stringify(await seed()))
})
console.log(`port ${port}`)
