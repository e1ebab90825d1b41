import type { Page } from "playwright-core"
import { approved, callApi, type Program, standInAt } from "./programs.ts"
import { fill, follow, press, signIn } from "./steps.ts"
import type { Visit } from "./walk.ts"
import { ADA, ADDRESSES, GRACE, type PagesWorld } from "./world.ts"

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
const CALLING = "alchemy-cli/0.1.0"

const MACHINES: readonly Program[] = [
  { client: CALLING, device: "build-server", os: "Debian 13", address: ADDRESSES.cloud },
  { client: "deploy/3.4.1", device: "ci-runner-eu-central-1-0123456789abcdef", address: ADDRESSES.elsewhere },
  { address: ADDRESSES.office },
]

/** What somebody has: sessions, access keys, apps. Ada has many, Grace none. */
export async function walkAccountPages(world: PagesWorld, visit: Visit): Promise<void> {
  await adasMachines(world)
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  await page.goto(`${world.server.url}/`)
  await signIn(page, ADA)
  const newcomer = await world.newVisitor(ADDRESSES.office)
  const empty = await newcomer.newPage()
  await empty.goto(`${world.server.url}/`)
  await signIn(empty, GRACE)

  await visit("home", page)
  await visit("home-new", empty)
  await follow(page, "Sessions")
  await visit("sessions", page)
  await press(page, "End session on build-server")
  await visit("sessions-ended", page)
  await follow(empty, "Sessions")
  await visit("sessions-empty", empty)
  await accessKeys(page, empty, visit)
  await apps(page, empty, visit)
  await browser.close()
  await newcomer.close()
}

/** Signs Ada's machines in, with a browser that stays; one program has not collected its token. Her apps come from one of them. */
async function adasMachines({ server }: PagesWorld): Promise<void> {
  const browser = standInAt(ADDRESSES.elsewhere, FIREFOX)
  let token = ""
  for (const machine of MACHINES) token = await (await approved(server, ADA, machine, browser))()
  await approved(server, ADA, { client: CALLING, device: "workshop", address: ADDRESSES.home }, browser)
  await callApi(server, token, "POST", "/apps", {
    name: "Website",
    description: "Balances and prices on the public pages.",
    chainNetworks: ["ETH_MAINNET", "BASE_MAINNET"],
    originAllowlist: [{ value: "https://example.com", name: "the shop" }],
  })
  await callApi(server, token, "POST", "/apps", { name: "Indexer", chainNetworks: ["SOLANA_MAINNET"] })
  await callApi(server, token, "POST", "/access-keys", { name: "Nightly export" })
}

async function accessKeys(page: Page, empty: Page, visit: Visit): Promise<void> {
  await follow(page, "Access keys")
  await visit("access-keys", page)
  await follow(empty, "Access keys")
  await visit("access-keys-empty", empty)
  await fill(empty, { Name: " " })
  await press(empty, "Create key")
  await visit("access-keys-refused", empty)
  await fill(page, { Name: "CI of the website" })
  await press(page, "Create key")
  await visit("access-key-created", page)
  await follow(page, "I have copied it")
  await follow(page, "Delete")
  await visit("access-key-delete", page)
}

async function apps(page: Page, empty: Page, visit: Visit): Promise<void> {
  await follow(page, "Apps")
  await visit("apps", page)
  await follow(empty, "Apps")
  await visit("apps-empty", empty)
  await fill(empty, { Name: "Website" })
  await press(empty, "Create app")
  await visit("apps-refused", empty)
  await follow(page, "Website")
  await visit("app", page)
  await fill(page, { "Allowed IP addresses": "203.0.113.9 # office\nthe warehouse" })
  await press(page, "Save IP addresses")
  await visit("app-refused", page)
  await follow(page, "Delete this app")
  await visit("app-delete", page)
}
