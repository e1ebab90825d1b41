// The main job for real, on the embedded store: sign in, be known, sign out for good. Each step is printed with its command.
import { spawn } from "node:child_process"
import { styleText } from "node:util"
import {
  alchemyFor,
  createAccount,
  type Finished,
  startServer,
  temporaryDirectory,
} from "../e2e/processes.ts"
import { signInAndDecide } from "../e2e/stand-in.ts"

const headless =
  process.argv.includes("--headless") ||
  !process.stdout.isTTY ||
  (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)

const person = { email: "ada@example.com", password: "correct horse battery", name: "Ada" }
const step = (title: string) => console.log(`\n${styleText("bold", title)}`)
const note = (text: string) => console.log(styleText("dim", text))
const command = (text: string) => console.log(styleText("cyan", `$ ${text}`))

function expectThat(truth: boolean, what: string): asserts truth {
  if (!truth) throw new Error(`the demo did not go as it should: ${what}`)
}

const temporary = await temporaryDirectory("demo")
const home = temporary.path
let server = await startServer({ dataDirectory: `${home}/server` })
// The output is not a terminal's here, so the command prints JSON; a person sees the same facts as text.
const alchemy = alchemyFor({ home, authUrl: server.url })

/** Runs `alchemy …`, prints it with what it answered, and checks its exit code. */
async function show(args: string[], expectedCode = 0): Promise<Finished> {
  command(`alchemy ${args.join(" ")}`)
  const finished = await alchemy.run(...args)
  process.stdout.write(finished.stdout)
  process.stderr.write(finished.stderr)
  expectThat(finished.code === expectedCode, `alchemy ${args.join(" ")} exited ${finished.code}`)
  return finished
}

async function statusOf(token: string): Promise<number> {
  command(`curl -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer <the token>' ${server.url}/v1/me`)
  const response = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  await response.body?.cancel()
  console.log(response.status)
  return response.status
}

async function signIn(...flags: string[]): Promise<string> {
  command(`alchemy auth ${flags.join(" ")}`.trim())
  const login = alchemy.start("auth", "login", ...flags)
  login.child.stderr?.pipe(process.stderr, { end: false })
  const [, url = ""] = await login.shows(/"url":"([^"]+)"/)
  if (headless) {
    note("A stand-in for the person opens that URL, signs in and presses Approve.")
    const page = await signInAndDecide(person, url)
    note(`The browser shows: “${page.text.slice(0, 120)}”`)
  } else {
    note(`Sign in as ${person.email} with the password “${person.password}”, and press Approve.`)
    spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], {
      stdio: "ignore",
      detached: true,
    }).unref()
  }
  const finished = await login.finished
  process.stdout.write(finished.stdout)
  expectThat(finished.code === 0, `sign-in exited ${finished.code}`)
  return (await alchemy.run("auth", "token")).stdout.trim()
}

try {
  step("1. A server with nothing configured: one SQLite file holds everything.")
  command("authchemy")
  note(`listening on ${server.url}`)

  step("2. A person's account.")
  command(`authchemy accounts create --email ${person.email} --name ${person.name} --password-stdin`)
  process.stdout.write((await createAccount(server, person)).stdout)

  step("3. Sign in: the browser approves, the command holds a token.")
  const token = await signIn("--no-browser")

  step("4. Be known.")
  await show(["auth", "status"])
  await show(["apps", "create", "--name", "Demo app", "--networks", "ETH_MAINNET,BASE_MAINNET"])
  await show(["apps", "list"])
  expectThat((await statusOf(token)) === 200, "the token should be accepted")

  step("5. Sign out: the session ends on the server, then here.")
  const signedOut = await show(["auth", "logout"])
  expectThat(JSON.parse(signedOut.stdout).server === "revoked", "the server should have ended the session")
  note("The old token, tried again:")
  expectThat((await statusOf(token)) === 401, "the old token should be refused")

  step("6. Sign out while the server is down: this machine is cleared all the same.")
  const second = await signIn("--no-browser")
  await server.stop()
  note("(the server has been stopped)")
  const pending = await show(["auth", "logout"])
  expectThat(JSON.parse(pending.stdout).server === "pending", "the revocation should be pending")
  await show(["auth", "status"], 3)

  step("7. The server is back: the next command ends that session too.")
  server = await startServer({ dataDirectory: server.dataDirectory, port: server.port })
  command("authchemy")
  await show(["auth", "status"], 3)
  expectThat((await statusOf(second)) === 401, "the second token should be refused")

  console.log(`\n${styleText("green", "Done.")} Every step ran for real; nothing is left behind.`)
} finally {
  await server.stop()
  await temporary.remove()
}
