import { linkIn } from "../people/mailbox.ts"
import { loginUrl } from "./programs.ts"
import { fill, follow, press, signIn } from "./steps.ts"
import type { Visit } from "./walk.ts"
import { ADA, ADDRESSES, GRACE, type PagesWorld } from "./world.ts"

/** Signing in, creating an account, mail, and what can go wrong with them. Leaves Grace with an account. */
export async function walkIn(world: PagesWorld, visit: Visit): Promise<void> {
  await signInPages(world, visit)
  await providerPages(world, visit)
  await createAccount(world, visit)
  await newPassword(world, visit)
  await withoutMail(world, visit)
}

async function signInPages(world: PagesWorld, visit: Visit): Promise<void> {
  const { server, plain, branded } = world
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  await page.goto(`${plain.url}/sign-in`)
  await visit("sign-in", page)
  await page.goto(`${branded.url}/sign-in`)
  await visit("sign-in-branded", page)
  await page.goto(loginUrl(server, { client: "alchemy-cli/0.1.0", address: ADDRESSES.home }))
  await visit("sign-in-with-providers", page)
  await signIn(page, { ...ADA, password: "wrong wrong wrong" })
  await visit("sign-in-refused", page)
  await browser.close()

  const guesser = await world.newVisitor(ADDRESSES.guesser)
  const guessing = await guesser.newPage()
  await guessing.goto(`${server.url}/sign-in`)
  await Promise.all(Array.from({ length: 10 }, () => guess(world)))
  await signIn(guessing, ADA)
  await visit("too-many-attempts", guessing)
  await guesser.close()
}

/** A wrong password from elsewhere, as the form sends it. */
async function guess({ server }: PagesWorld): Promise<void> {
  const response = await fetch(`${server.url}/sign-in`, {
    method: "POST",
    headers: { origin: server.url, "x-forwarded-for": ADDRESSES.guesser },
    body: new URLSearchParams({ email: ADA.email, password: "a guess of many" }),
  })
  await response.body?.cancel()
  if (response.status !== 401) throw new Error(`a guess was answered with ${response.status}`)
}

async function providerPages(world: PagesWorld, visit: Visit): Promise<void> {
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  // By itself the browser goes on at once; an answer without content leaves it where it is.
  await page.route(`${world.upstream.issuer}/**`, (route) => route.fulfill({ status: 204 }))
  await page.goto(`${world.server.url}/sign-in`)
  await press(page, "Continue with Example Company")
  await visit("provider-leaving", page)
  await page.goto(`${world.server.url}/sign-in`)
  await press(page, "Continue with Elsewhere")
  await visit("provider-unavailable", page)
  await browser.close()
}

async function createAccount(world: PagesWorld, visit: Visit): Promise<void> {
  const { server, mailbox } = world
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  await page.goto(`${server.url}/sign-in`)
  await follow(page, "Create an account")
  await visit("create-account", page)
  await fill(page, { Email: GRACE.email, Name: GRACE.name, Password: "short" })
  await press(page, "Create account")
  await visit("create-account-refused", page)
  await fill(page, { Password: GRACE.password })
  await press(page, "Create account")
  await visit("check-mail", page)
  const link = linkIn(await mailbox.take(GRACE.email, /./))
  await page.goto(link)
  await visit("verify-email", page)
  await fill(page, { Password: "not this one" })
  await press(page, "Verify my email")
  await visit("verify-email-refused", page)
  await fill(page, { Password: GRACE.password })
  await press(page, "Verify my email")
  await visit("verify-email-done", page)
  await page.goto(link)
  await visit("verify-email-link-expired", page)
  await browser.close()
}

async function newPassword(world: PagesWorld, visit: Visit): Promise<void> {
  const { server, mailbox } = world
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  await page.goto(`${server.url}/sign-in`)
  await follow(page, "Forgot your password?")
  await visit("forgot-password", page)
  await fill(page, { Email: GRACE.email })
  await press(page, "Send a link")
  await visit("forgot-password-sent", page)
  const link = linkIn(await mailbox.take(GRACE.email, /password/i))
  await page.goto(link)
  await visit("reset-password", page)
  await fill(page, { "New password": "short" })
  await press(page, "Set new password")
  await visit("reset-password-refused", page)
  await fill(page, { "New password": GRACE.password })
  await press(page, "Set new password")
  await visit("reset-password-done", page)
  await page.goto(link)
  await visit("reset-password-link-expired", page)
  await browser.close()
}

/** From here on no mail is sent. */
async function withoutMail(world: PagesWorld, visit: Visit): Promise<void> {
  const { server, mailbox } = world
  const browser = await world.newVisitor(ADDRESSES.home)
  const page = await browser.newPage()
  await mailbox.close()
  await page.goto(`${server.url}/forgot-password`)
  await fill(page, { Email: ADA.email })
  await press(page, "Send a link")
  await visit("mail-unavailable", page)
  await page.goto(`${server.url}/no-such-page`)
  await visit("not-found", page)
  await page.goto(`${server.url}/login?redirectUrl=https://evil.example`)
  await visit("login-refused", page)
  await browser.close()
}
