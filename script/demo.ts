// The main job for real, on the embedded store: sign in, be known, sign out for good. Each step is printed with its command.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { styleText } from "node:util"
import {
  alchemyFor,
  createAccount,
  type Running,
  run,
  startServer,
  temporaryDirectory,
} from "../e2e/processes.ts"
import { watching } from "../e2e/secrets-met.ts"
import { compareAndDecide, createStandIn, signInAndDecide } from "../e2e/stand-in.ts"
import { storedBy } from "../e2e/stored.ts"

const headless =
  process.argv.includes("--headless") ||
  !process.stdout.isTTY ||
  (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)

const person = { email: "ada@example.com", password: "correct horse battery", name: "Ada" }
const step = (title: string) => console.log(`\n${styleText("bold", title)}`)
const note = (text: string) => console.log(styleText("dim", text))
const command = (text: string) => console.log(styleText("cyan", `$ ${text}`))

/** What must stand nowhere when all is done, by what it is. */
const secrets = new Map([["the password", person.password]])
const met = (what: string, secret: string) => void secrets.set(`${what} (${secrets.size})`, secret)

function expectThat(truth: boolean, what: string): asserts truth {
  if (!truth) throw new Error(`the demo did not go as it should: ${what}`)
}

const temporary = await temporaryDirectory("demo")
const home = temporary.path
let server = await startServer({ dataDirectory: `${home}/server` })
/** Of servers that have been stopped. */
let log = ""
const alchemy = alchemyFor({ home, authUrl: server.url, env: { TERM: "dumb", NO_COLOR: "1" } })

/**
 * Starts `alchemy …` as a person sees it: on a terminal of its own where this machine has script(1), which is one line of util-linux and of
 * every BSD; elsewhere its output is no terminal's, so it is the JSON that programs get.
 */
function start(args: string[]) {
  const words = ["bin/alchemy", ...args]
  const quoted = words.map((word) => `'${word}'`).join(" ")
  if (existsSync("/usr/bin/script")) {
    const onTerminal =
      process.platform === "linux"
        ? ["--quiet", "--return", "--command", quoted, "/dev/null"]
        : ["-q", "/dev/null", ...words]
    return run("/usr/bin/script", onTerminal, { env: alchemy.env })
  }
  return alchemy.start(...args)
}

/** Runs `alchemy …`, prints it with what it answered, and checks its exit code. */
async function show(args: string[], expectedCode = 0): Promise<string> {
  command(`alchemy ${args.join(" ")}`)
  const { stdout, stderr, code } = await start(args).finished
  const shown = (stdout + stderr).replaceAll("\r", "")
  process.stdout.write(shown)
  expectThat(code === expectedCode, `alchemy ${args.join(" ")} exited ${code}`)
  return shown
}

async function statusOf(token: string): Promise<number> {
  command(`curl -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer <the token>' ${server.url}/v1/me`)
  const response = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  await response.body?.cancel()
  console.log(response.status)
  return response.status
}

/** Where the person goes, as the terminal shows it, and what is done there. */
const WAYS = {
  browser: {
    args: ["auth", "--no-browser"],
    address: async (login: Running) => (await login.shows(/http:\/\/\S+\/login\?[^\s"]+/))[0],
    decide: signInAndDecide,
    done: "opened that address, signed in and pressed Approve.",
  },
  code: {
    args: ["auth", "--device"],
    address: async (login: Running) => {
      const [code] = await login.shows(/\b[A-Z]{4}-[A-Z]{4}\b/)
      met("the user code", code)
      return `${server.url}/device?user_code=${code}`
    },
    decide: compareAndDecide,
    done: "opened that address on a phone, compared the code, and pressed Approve.",
  },
}

async function signIn(way: (typeof WAYS)[keyof typeof WAYS]): Promise<string> {
  command(`alchemy ${way.args.join(" ")}`)
  const login = start(way.args)
  for (const stream of [login.child.stdout, login.child.stderr]) {
    stream?.on("data", (text: string) => process.stdout.write(text.replaceAll("\r", "")))
  }
  const url = await way.address(login)
  if (headless) {
    const browser = createStandIn({ fetch: watching(met) })
    const page = await way.decide(person, url, "Approve", browser)
    note(`A stand-in for the person ${way.done}`)
    note(`The browser shows: “${page.text}”`)
  } else {
    note(`Sign in as ${person.email} with the password “${person.password}”, and press Approve.`)
    const opener = process.platform === "darwin" ? "open" : "xdg-open"
    spawn(opener, [url], { stdio: "ignore", detached: true })
      .on("error", () => {})
      .unref()
  }
  const { code } = await login.finished
  expectThat(code === 0, `sign-in exited ${code}`)
  const token = (await alchemy.run("auth", "token")).stdout.trim()
  met("a token", token)
  return token
}

/** Types of events in the order in which they must be told; others may stand between. */
const STORY = [
  ...[
    "account.created",
    "sign_in.succeeded",
    "approval.granted",
    "token.issued",
    "app.created",
    "token.revoked",
  ],
  ...["approval.granted", "token.issued", "token.revoked"],
]

/** Prints what the server has recorded, and looks for every secret of the demo wherever something is kept. */
async function showAudit(): Promise<void> {
  const args = ["audit", "--account", person.email]
  command(`authchemy ${args.join(" ")}`)
  const { stdout, code } = await run("bin/authchemy", args, { env: server.env }).finished
  process.stdout.write(stdout)
  expectThat(code === 0, `authchemy audit exited ${code}`)
  const told = stdout.split("\n").map((line) => line.split("\t")[1])
  let from = 0
  for (const type of STORY) {
    const at = told.indexOf(type, from)
    expectThat(at >= 0, `the audit log should tell of ${type}`)
    from = at + 1
  }
  const places = {
    "the audit log": stdout,
    "the server's log": log + server.log(),
    "the database": await storedBy(server),
  }
  for (const [place, text] of Object.entries(places)) {
    for (const [what, secret] of secrets) expectThat(!text.includes(secret), `${what} stands in ${place}`)
  }
  note(
    `(${secrets.size} secrets of this demo were looked for there, in the server's log and in its files: none was found)`,
  )
}

try {
  step("1. A server with nothing configured: one SQLite file holds everything.")
  command("authchemy")
  note(`listening on ${server.url}`)

  step("2. A person's account.")
  command(`authchemy accounts create --email ${person.email} --name ${person.name} --password-stdin`)
  process.stdout.write((await createAccount(server, person)).stdout)

  step("3. Sign in: the browser approves, the command holds a token.")
  const token = await signIn(WAYS.browser)

  step("4. Be known.")
  await show(["auth", "status"])
  await show(["apps", "create", "--name", "Demo", "--networks", "ETH_MAINNET,BASE_MAINNET"])
  await show(["apps", "list"])
  expectThat((await statusOf(token)) === 200, "the token should be accepted")

  step("5. Sign out: the session ends on the server, then here.")
  const signedOut = await show(["auth", "logout"])
  expectThat(
    /has ended on the server|"revoked"/.test(signedOut),
    "the session should have ended on the server",
  )
  note("The old token, tried again:")
  expectThat((await statusOf(token)) === 401, "the old token should be refused")

  step("6. Sign in by a code, as over SSH: any device approves.")
  const second = await signIn(WAYS.code)

  step("7. Sign out while the server is down: this machine is cleared all the same.")
  await server.stop()
  log += server.log()
  note("(the server has been stopped)")
  const pending = await show(["auth", "logout"])
  expectThat(/could not be reached|"pending"/.test(pending), "the revocation should be pending")
  await show(["auth", "status"], 3)

  step("8. The server is back: the next command ends that session too.")
  server = await startServer({ dataDirectory: server.dataDirectory, port: server.port })
  command("authchemy")
  await show(["auth", "status"], 3)
  note("The sign-out was delivered beside that command. Once more:")
  await show(["auth", "status"], 3)
  expectThat((await statusOf(second)) === 401, "the second token should be refused")

  step("9. The audit log tells it all, without a secret in it.")
  await showAudit()

  console.log(`\n${styleText("green", "Done.")} Every step ran for real; nothing is left behind.`)
} finally {
  await server.stop()
  await temporary.remove()
}
