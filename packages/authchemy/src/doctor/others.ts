import { isLoopbackHost } from "@authchemy/protocol"
import type { ProviderSettings } from "../accounts/providers/provider-settings.ts"
import type { Config } from "../config.ts"
import type { Mailer } from "../mail/mailer.ts"
import { type Finding, ok, warning, wrong } from "./check.ts"
import { ANSWER_LIMIT_MS, askMetadata } from "./metadata.ts"

/** Whether mail can be sent. Goes as far as a mail would, and sends none. @throws MailUnavailableError */
export async function checkMail({ smtp }: Config, mailer: Pick<Mailer, "check">): Promise<Finding> {
  if (smtp === null) {
    return warning(
      "no server is configured: links to verify an email or reset a password go to the log",
      "Set AUTHCHEMY_SMTP_URL, as docs/accounts.md says.",
    )
  }
  await mailer.check()
  const secure = smtp.tls === "implicit" || smtp.tls === "required"
  if (secure || isLoopbackHost(smtp.host)) return ok(`${smtp.host} takes mail`)
  return warning(
    `${smtp.host} takes mail, but it goes there in clear text, or to whoever answers`,
    "Mails carry links that sign people in: take ?tls=… out of AUTHCHEMY_SMTP_URL, or use smtps://.",
  )
}

/** Whether an upstream provider answers, and calls itself as it is configured. @throws what `fetch` throws */
export async function checkProvider(
  { name, issuer, id }: ProviderSettings,
  send: typeof fetch,
): Promise<Finding> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`
  const { status, issuer: named, said } = await askMetadata(url, send)
  if (status === 200 && named === issuer) return ok(`${name} answers`)
  return wrong(
    `${name} ${said}, at ${url}`,
    `The issuer of the provider ${JSON.stringify(id)} must be written as the provider writes it.`,
  )
}

/** Whether passwords can be looked up in lists of stolen ones. @throws what `fetch` throws */
export async function checkBreachedPasswords(
  { breachedPasswordsUrl: url }: Config,
  send: typeof fetch,
): Promise<Finding> {
  if (url === null) return ok("not looked up: AUTHCHEMY_BREACHED_PASSWORDS_URL is off")
  // The beginning of the digest of no password in particular.
  const response = await send(`${url}00000`, {
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  })
  await response.body?.cancel()
  const { host } = new URL(url)
  if (response.status === 200) return ok(`${host} answers`)
  return warning(
    `${host} answers ${response.status}, so stolen passwords are accepted`,
    "Allow the server to reach it, or set AUTHCHEMY_BREACHED_PASSWORDS_URL=off.",
  )
}
