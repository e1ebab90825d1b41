import type { Page } from "playwright-core"
import { loginUrl } from "./programs.ts"
import { signIn } from "./steps.ts"
import type { Visit } from "./walk.ts"
import { ADA, ADDRESSES, DASHBOARD, type PagesWorld } from "./world.ts"

/** What somebody approves: the command, an older one, a web site. */
export async function walkApprovals(world: PagesWorld, visit: Visit): Promise<void> {
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  await approveTheCommand(world, page, visit)

  const { server } = world
  const program = { client: "alchemy-cli/0.1.0", device: "build-server", os: "Debian 13" }
  await page.goto(loginUrl(server, { ...program, address: ADDRESSES.home }, null))
  await visit("approve-without-phrase", page)
  await page.goto(dashboardUrl(world))
  await visit("approve-web-client", page)
  await page.locator("input[name=request]").evaluate((input) => input.setAttribute("value", "tampered with"))
  await page.getByRole("button", { name: "Approve" }).click()
  await page.waitForURL(`${server.url}/oauth/authorize`)
  await visit("approve-expired", page)
  await browser.close()
}

/** A real `alchemy auth login`, approved, and another one, denied. */
async function approveTheCommand(world: PagesWorld, page: Page, visit: Visit): Promise<void> {
  const [toApprove, toDeny] = await Promise.all([startLogin(world, "one"), startLogin(world, "another")])
  const [, url = ""] = await toApprove.shows(/"url":"([^"]+)"/)
  await page.goto(url)
  await signIn(page, ADA)
  await visit("approve", page)
  await page.getByRole("button", { name: "Approve" }).click()
  await page.waitForURL(/\/callback\?/)
  await visit("approve-done", page)
  const [, other = ""] = await toDeny.shows(/"url":"([^"]+)"/)
  await page.goto(other)
  await page.getByRole("button", { name: "Deny" }).click()
  await page.waitForURL(/\/callback\?/)
  await visit("approve-denied", page)
  await Promise.all([toApprove.finished, toDeny.finished])
}

async function startLogin(world: PagesWorld, machine: string) {
  const alchemy = await world.newMachine(machine)
  return alchemy.start("auth", "login", "--no-browser", "--port", "0")
}

function dashboardUrl({ server }: PagesWorld): string {
  const [redirect_uri = ""] = DASHBOARD.redirectUris
  const query = new URLSearchParams({
    ...{ client_id: DASHBOARD.id, response_type: "code", redirect_uri, state: "a-state-of-the-dashboard" },
    ...{ scope: "account:read apps:read apps:write offline_access" },
    ...{ code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" },
  })
  return `${server.url}/oauth/authorize?${query}`
}
