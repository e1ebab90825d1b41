import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
  createOAuthWorld,
  decideOn,
  listenForRedirect,
  type OAuthWorld,
  type RegisteredClient,
} from "./oauth-world.ts"
import { ada, statusWith } from "./people.ts"

/** The system's own Python, which has Debian's packages; another one that is found first may not. */
const PYTHON = "/usr/bin/python3"

let world: OAuthWorld
beforeAll(async () => {
  world = await createOAuthWorld("oauth-python")
})
afterAll(() => world.remove())

/** Starts a script of `clients/` as its user would, and plays the person for it. Gives what it printed at the end. */
async function signInBy(script: string, client: RegisteredClient): Promise<unknown> {
  const listener = await listenForRedirect()
  const child = spawn(
    PYTHON,
    [join(import.meta.dirname, "clients", script), world.server.url, client.id, listener.redirectUri],
    {
      env: {
        PATH: process.env.PATH ?? "",
        OAUTHLIB_INSECURE_TRANSPORT: "1",
        ...(client.secret === null ? {} : { CLIENT_SECRET: client.secret }),
      },
      stdio: ["pipe", "pipe", "pipe"],
    },
  )
  let complaints = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${script} ended:\n${complaints}`)
    return JSON.parse(value)
  }
  try {
    const { authorization_url } = await next()
    const redirected = await decideOn(world, authorization_url, listener)
    child.stdin.end(`${redirected}\n`)
    return await next()
  } finally {
    listener.stop()
    await ended(child)
  }
}

async function ended(child: ChildProcess) {
  if (child.exitCode === null && child.signalCode === null) {
    child.stdin?.destroy()
    await once(child, "exit")
  }
}

describe.each([
  ["authlib_client.py", "authlib.integrations.requests_client", "python3-authlib"],
  ["requests_oauthlib_client.py", "requests_oauthlib", "python3-requests-oauthlib"],
])("%s", (script, module, debianPackage) => {
  const isThere = spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0
  const reason = `${script} is skipped: ${PYTHON} has no ${module}. Debian: apt-get install ${debianPackage}`
  // The reporter counts skipped tests and keeps the reason to itself.
  if (!isThere) console.warn(reason)

  test.for([
    ["cli", "a public client"],
    ["dashboard", "a confidential client"],
    ["awkward", "a secret that the libraries encode in different ways"],
  ] as const)("signs in, refreshes and signs out as %s: %s", async ([name], { skip }) => {
    skip(!isThere, reason)
    const result = (await signInBy(script, world.clients[name])) as { access_tokens: string[] }
    expect(result).toMatchObject({
      ...{ email: ada.email, token_type: "Bearer", scope: "account:read offline_access" },
      ...{ rotated: true, refreshed: 200, revocation: 200, revoked: 401 },
    })
    for (const token of result.access_tokens) expect(await statusWith(world.server, token)).toBe(401)
  })
})
