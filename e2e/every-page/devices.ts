import { askingDevice } from "./programs.ts"
import { fill, press, signIn } from "./steps.ts"
import type { Visit } from "./walk.ts"
import { ADA, ADDRESSES, type PagesWorld } from "./world.ts"

const NOT_A_CODE = "BCDF-GHJK"

/** Devices that sign in with a code: one where the browser is, and one that somebody far away sent a link of. */
export async function walkAwayFromHome(world: PagesWorld, visit: Visit): Promise<void> {
  const { server } = world
  const program = { client: "alchemy-cli/0.1.0", device: "media-box", os: "Debian 13" }
  const browser = await world.newVisitor(ADDRESSES.office)
  const page = await browser.newPage()
  await page.goto(`${server.url}/device`)
  await signIn(page, ADA)
  await visit("device", page)
  await fill(page, { Code: NOT_A_CODE })
  await press(page, "Continue")
  await visit("device-refused", page)
  const near = await askingDevice(server, { ...program, address: ADDRESSES.office })
  await page.goto(near.url)
  await visit("device-confirm", page)
  await press(page, "Continue")
  await visit("device-approve", page)
  await press(page, "Approve")
  await visit("device-done", page)

  const far = await askingDevice(server, { ...program, device: "desktop-4f2a", address: ADDRESSES.elsewhere })
  await page.goto(far.url)
  await press(page, "Continue")
  await visit("device-approve-elsewhere", page)
  await press(page, "Deny")
  await visit("device-denied", page)
  await browser.close()
}
