import { join } from "node:path"
import { approvedCode, askForTokens, DEVICE_GRANT, refreshOf, startDevice } from "./oauth-requests.ts"
import { createOAuthWorld, decideOnDevice, type OAuthWorld } from "./oauth-world.ts"
import { ada, statusWith, tokenOf, urlShownBy } from "./people.ts"
import { alchemyFor, type Finished, startServer } from "./processes.ts"
import { watching } from "./secrets-met.ts"
import { createStandIn, openSignedIn, type StandIn, signInAndDecide } from "./stand-in.ts"

export const NEW_PASSWORD = "another correct horse battery"

/** What the journey leaves: a world that goes on, a token of Ada's, and every secret that was met on the way, by what it is. */
export type Journey = { world: OAuthWorld; token: string; secrets: Map<string, string>; shown: string }

/** Ada's day: failure, denial, sign-in, keys, refreshes, a stolen code, sign-outs, a new password. Nothing of it is asserted here but that it went its way. */
export async function travel(name: string, env: Record<string, string>): Promise<Journey> {
  const secrets = new Map([
    ["the old password", ada.password],
    ["the new password", NEW_PASSWORD],
  ])
  const note = (what: string, secret: string) => {
    if (secret.length < 8) throw new Error(`${what} was not found`)
    secrets.set(`${what} (${secrets.size})`, secret)
    return secret
  }
  const browser = createStandIn({ fetch: watching(note) })
  const world = Object.assign(
    await createOAuthWorld(name, { AUTHCHEMY_BREACHED_PASSWORDS_URL: "off", ...env }),
    {
      browser,
    },
  )
  const shown: string[] = []
  const said = async (...args: string[]) => {
    const finished = await world.alchemy.run(...args)
    shown.push(finished.stdout, finished.stderr)
    return finished
  }
  const token = async () => note("a token", await tokenOf(world))

  await openSignedIn({ ...ada, password: "wrong horse" }, `${world.server.url}/sessions`, browser)
  await login(world, browser, "Deny")
  expectCode(await login(world, browser, "Approve"), 0)
  const first = await token()

  const made = JSON.parse((await world.alchemy.run("access-keys", "create", "--name", "CI")).stdout)
  const job = alchemyFor({
    home: join(world.home, "job"),
    authUrl: world.server.url,
    env: { ALCHEMY_ACCESS_KEY: note("an access key", made.key) },
  })
  for (let uses = 0; uses < 2; uses++) expectCode(await job.run("apps", "list"), 0)

  const form = await approvedCode(world)
  note("a verifier", form.code_verifier)
  const { access_token = "", refresh_token = "" } = await askForTokens(world.server, form)
  const renewed = await askForTokens(world.server, refreshOf(refresh_token))
  for (const one of [access_token, refresh_token, renewed.access_token, renewed.refresh_token])
    note("a token of another program", one ?? "")
  await askForTokens(world.server, form)

  expectCode(await said("auth", "logout"), 0)
  if ((await statusWith(world.server, first)) !== 401) throw new Error("the sign-out did not end the session")

  const device = await startDevice(world.server)
  note("a device code", device.device_code)
  note("a user code", device.user_code)
  await decideOnDevice(world, device)
  const polled = { grant_type: DEVICE_GRANT, device_code: device.device_code }
  note("a device's token", (await askForTokens(world.server, polled)).access_token ?? "")

  expectCode(await login(world, browser, "Approve"), 0)
  const pending = await token()
  await world.server.stop()
  await said("auth", "logout")
  const before = world.server.log()
  const { dataDirectory, port, env: serverEnv } = world.server
  const restarted = await startServer({ dataDirectory, port, env: serverEnv })
  world.server = { ...restarted, log: () => before + restarted.log() }
  // It is delivered beside whatever the command does next, which does not wait for it.
  for (let tries = 0; (await statusWith(world.server, pending)) !== 401; tries++) {
    if (tries === 20) throw new Error("the sign-out was not delivered")
    await said("auth", "status")
  }

  const page = await browser.open(`${world.server.url}/security`)
  const typed = { "Current password": ada.password, "New password": NEW_PASSWORD }
  const changed = await browser.press(page, "Change password", typed)
  if (!changed.text.includes("One command-line session has ended")) throw new Error(changed.text)
  expectCode(await login(world, browser, "Approve"), 0)
  return { world, token: await token(), secrets, shown: shown.join("\n") }
}

async function login(world: OAuthWorld, browser: StandIn, decision: "Approve" | "Deny"): Promise<Finished> {
  const running = world.alchemy.start("auth", "login", "--no-browser", "--port", "0")
  await signInAndDecide(ada, await urlShownBy(running), decision, browser)
  return running.finished
}

function expectCode({ code, stdout, stderr }: Finished, wanted: number): void {
  if (code !== wanted) throw new Error(`exited ${code}:\n${stdout}${stderr}`)
}
