import { addAuthenticator } from "../people/authenticator.ts"
import { approved, standInAt } from "./programs.ts"
import { beginSecondFactor, earlierCode, fill, follow, press, signIn, unfold } from "./steps.ts"
import type { Visit } from "./walk.ts"
import { ADDRESSES, GRACE, type PagesWorld } from "./world.ts"

/** How somebody signs in, and changing it; then signing in with it, and what the account's log says of all this. */
export async function walkSecurity(world: PagesWorld, visit: Visit): Promise<void> {
  const { server } = world
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  const program = {
    client: "alchemy-cli/0.1.0",
    device: "Grace’s laptop",
    os: "macOS 26.1",
    address: ADDRESSES.home,
  }
  await approved(server, GRACE, program, standInAt(ADDRESSES.home, "Safari"))
  await page.goto(`${server.url}/security`)
  await signIn(page, GRACE)
  await visit("security", page)
  const secret = await beginSecondFactor(page, GRACE)
  await visit("security-second-factor", page)
  await fill(page, { "Code from the app": earlierCode(secret) })
  await press(page, "Turn on")
  await visit("security-recovery-codes", page)
  await follow(page, "I have kept them")

  await addAuthenticator(page)
  await unfold(page, "Add a passkey")
  const passkeys = page.locator("#passkeys")
  await passkeys.getByLabel("Name").fill("Grace’s laptop")
  await passkeys.getByLabel("Your password").fill(GRACE.password)
  await press(page, "Add passkey")
  await visit("security-passkey", page)
  await follow(page, "Remove Grace’s laptop")
  await visit("security-confirm", page)
  await follow(page, "Back")
  await unfold(page, "Change password")
  await fill(page, { "Current password": "not my password", "New password": GRACE.password })
  await press(page, "Change password")
  await visit("security-refused", page)

  const other = await world.newVisitor(ADDRESSES.office)
  const signingIn = await other.newPage()
  await signingIn.goto(`${server.url}/sign-in`)
  await signIn(signingIn, GRACE)
  await visit("second-factor", signingIn)
  await fill(signingIn, { Code: "000000" })
  await press(signingIn, "Sign in")
  await visit("second-factor-refused", signingIn)
  await follow(signingIn, "Type a recovery code instead")
  await visit("second-factor-recovery", signingIn)
  await other.close()
  await page.goto(`${server.url}/activity`)
  await visit("activity", page)
  await browser.close()
}
