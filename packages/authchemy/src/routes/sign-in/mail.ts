import type { Context } from "hono"
import { MailUnavailableError } from "../../mail/mailer.ts"
import type { AppEnv } from "../../middleware/request-log.ts"
import { showPage } from "../../middleware/show-page.ts"
import { mailUnavailablePage } from "../../pages/sign-in/check-mail.ts"

/** Answers what sends mail; where mail cannot be sent, a page says so (503), and the log knows why. */
export async function withMail(
  c: Context<AppEnv>,
  page: { againUrl: string; signInUrl: string },
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    return await answer()
  } catch (error) {
    if (!(error instanceof MailUnavailableError)) throw error
    return showPage(c, mailUnavailablePage(page), { status: 503 })
  }
}
