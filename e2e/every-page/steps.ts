import type { Page } from "playwright-core"
import { totpOf } from "../people/totp.ts"
import type { Person } from "./world.ts"

/** Presses the button of that name, and waits for the page that it leads to. */
export async function press(page: Page, name: string): Promise<void> {
  await leads(page, () => page.getByRole("button", { name, exact: true }).click())
}

/** Follows the first link of that name. */
export async function follow(page: Page, name: string): Promise<void> {
  await leads(page, () => page.getByRole("link", { name, exact: true }).first().click())
}

async function leads(page: Page, click: () => Promise<void>): Promise<void> {
  await Promise.all([page.waitForEvent("framenavigated"), click()])
  await page.waitForLoadState()
}

/** Fills in fields by their labels. */
export async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    await page.getByLabel(label, { exact: true }).fill(text)
  }
}

/** Types email and password where they are asked for. */
export async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await fill(page, { Email: email, Password: password })
  await press(page, "Sign in")
}

/** Opens a form that is folded away. */
export async function unfold(page: Page, label: string): Promise<void> {
  await page.locator("summary", { hasText: label }).first().click()
}

/** Begins to set up a second factor on the Security page. @returns its secret, in base32 */
export async function beginSecondFactor(page: Page, { password }: Person): Promise<string> {
  await unfold(page, "Set up an authenticator app")
  await page.locator("#second-factor").getByLabel("Your password").fill(password)
  await press(page, "Set up")
  return (await page.locator("#totp-secret").innerText()).replace(/\s/g, "")
}

/** A code works once. The one before the present leaves the present one for the next time. */
export const earlierCode = (secret: string) => totpOf(secret, Date.now() - 30_000)
