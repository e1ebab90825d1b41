import { tidyClaim } from "@authchemy/protocol"
import { counted } from "../counts-in-words.ts"
import { momentInWords } from "../times-in-words.ts"
import { type Part, renderHtml, renderText } from "./body.ts"

/** A mail, ready to be sent: to one address, in plain text and in HTML. */
export type Mail = Readonly<{
  to: string
  subject: string
  text: string
  html: string
  /** The link that is good once, which is a secret; `null` where the mail has none. */
  link: string | null
}>

/** Whose server it is that writes. */
export type Site = {
  /** Its name, as operators set it. */
  name: string
  /** Its address. */
  url: string
}

/** Asks whoever reads it to prove that the address is theirs. @param mail.lifetimeMs how long the link can be used, in milliseconds */
export function verifyEmailMail(mail: { site: Site; to: string; link: string; lifetimeMs: number }): Mail {
  return toMail(mail, `Confirm your email for ${nameOf(mail.site)}`, mail.link, [
    `This address was given for an account at ${nameOf(mail.site)}. If that was you, confirm that it is yours.`,
    { button: "Confirm this address", url: mail.link },
    `The link works once, within ${inWords(mail.lifetimeMs)}, and asks for the password that the account was created with.`,
    "If you did not ask for this, ignore this mail. The address then stays unconfirmed.",
  ])
}

/** Leads to the page where a new password is set. @param mail.lifetimeMs how long the link can be used, in milliseconds */
export function resetPasswordMail(mail: { site: Site; to: string; link: string; lifetimeMs: number }): Mail {
  return toMail(mail, `Set a new password for ${nameOf(mail.site)}`, mail.link, [
    `Somebody asked for a new password for your account at ${nameOf(mail.site)}. If that was you, set one.`,
    { button: "Set a new password", url: mail.link },
    `The link works once, within ${inWords(mail.lifetimeMs)}. A new password ends every session of the account, in browsers and on the command line.`,
    "If you did not ask for this, ignore this mail. Your password stays as it is.",
  ])
}

/** Answers an attempt to create an account that is there already: the page where it was made does not tell. */
export function accountExistsMail(mail: {
  site: Site
  to: string
  signInUrl: string
  resetUrl: string
}): Mail {
  return toMail(mail, `You already have an account at ${nameOf(mail.site)}`, null, [
    `Somebody tried to create an account at ${nameOf(mail.site)} with this address. You have one already, so nothing was changed. If that was you, sign in.`,
    { button: "Sign in", url: mail.signInUrl },
    "If you do not know your password any more, set a new one:",
    { url: mail.resetUrl },
    "If it was not you, ignore this mail. Nobody has got into your account.",
  ])
}

/** What was done to an account, as its owner is told. */
export type SecurityChange = keyof typeof CHANGES

const CHANGES = {
  password_changed: "The password was changed",
  password_reset: "The password was reset with a link from a mail",
  second_factor_added: "Sign-in with a second factor was turned on",
  second_factor_removed: "Sign-in with a second factor was turned off",
  recovery_codes_renewed: "New recovery codes were made",
  wrong_codes: "Ten wrong codes were typed after the right password",
  passkey_added: "A passkey was added",
  passkey_removed: "A passkey was removed",
  provider_linked: "A way to sign in through another provider was added",
  provider_unlinked: "A way to sign in through another provider was removed",
} as const

/** What a new password does not take away, and where somebody does that whose doing it was not. */
const OUTLASTS: { readonly [Change in SecurityChange]?: string } = {
  passkey_added:
    "A new password does not take the passkey away. Sign in with it, and remove the passkey under Security:",
  provider_linked:
    "A new password does not take the other provider away. Sign in with it, and remove the provider under Security:",
}

/** Whoever has turned it on asks for a code, which its owner does not have. */
const LOCKS_OUT: ReadonlySet<SecurityChange> = new Set(["second_factor_added", "recovery_codes_renewed"])

/**
 * Tells an account's owner what was done to it.
 * @param mail.what what was done
 * @param mail.at when, in milliseconds since the epoch
 * @param mail.address the network address that it was done from; `null` where that is not known
 * @param mail.resetUrl where a new password is asked for
 */
export function securityNoticeMail(mail: {
  site: Site
  to: string
  what: SecurityChange
  at: number
  address: string | null
  resetUrl: string
}): Mail {
  const what = CHANGES[mail.what]
  const outlasts = OUTLASTS[mail.what]
  const when = ["When", momentInWords(new Date(mail.at))] as const
  return toMail(mail, `${what}: your account at ${nameOf(mail.site)}`, null, [
    `${what} for your account at ${nameOf(mail.site)}.`,
    { facts: mail.address === null ? [when] : [when, ["From", tidyClaim(mail.address)]] },
    "If that was you, there is nothing to do.",
    "If it was not you, set a new password at once. That ends every session of the account:",
    { url: mail.resetUrl },
    ...(outlasts === undefined ? [] : [outlasts, { url: `${mail.site.url}/security` }]),
    ...(LOCKS_OUT.has(mail.what)
      ? [
          "A new password does not turn the second factor off. If you have no code, ask whoever runs this server.",
        ]
      : []),
  ])
}

function toMail(
  { site, to }: { site: Site; to: string },
  subject: string,
  link: string | null,
  parts: readonly Part[],
): Mail {
  const foot = { name: nameOf(site), url: site.url }
  return Object.freeze({
    ...{ to, subject, link },
    ...{ text: renderText(parts, foot), html: renderHtml(parts, foot, subject) },
  })
}

/** One line, whatever the configuration holds. */
function nameOf(site: Site): string {
  return tidyClaim(site.name)
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Rounded down, so that no link ends before it was said to. */
function inWords(ms: number): string {
  if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} days`
  if (ms >= HOUR) return counted(Math.floor(ms / HOUR), "hour")
  return counted(Math.max(1, Math.floor(ms / MINUTE)), "minute")
}
