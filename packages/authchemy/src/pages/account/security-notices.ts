import { sessionsEnded } from "../sign-in/reset-password.ts"

/** What went well, as the address says it: a word of these, and how many command-line sessions have ended with it. Nothing else of the address is shown. */
const NOTICES = {
  "password-changed": "Your password is changed.",
  "password-set": "Your password is set.",
  "passkey-added": "The passkey is added. You can sign in with it from now on.",
  "passkey-removed": "The passkey is removed.",
  "second-factor-off": "The second factor is off.",
  "provider-connected": "The provider is connected. You can sign in with it from now on.",
  "provider-disconnected": "The provider is disconnected.",
} as const
type SecurityNotice = keyof typeof NOTICES

/** In a notice's place: the person goes on with a second factor that has just been begun. */
export const SECOND_FACTOR_BEGUN = "second-factor-begun"

/** The address of the Security page that tells what went well. @param endedSessions where the change ends command-line sessions */
export function securityUrl(
  done: SecurityNotice | typeof SECOND_FACTOR_BEGUN,
  endedSessions?: number,
): string {
  return `/security?done=${done}${endedSessions === undefined ? "" : `&ended=${endedSessions}`}`
}

/** What such an address says; `null`: nothing that is known here. */
export function securityNotice(query: {
  done: string | undefined
  ended: string | undefined
}): string | null {
  const { done = "", ended = "" } = query
  if (!Object.hasOwn(NOTICES, done)) return null
  const sentence = NOTICES[done as SecurityNotice]
  return /^\d{1,6}$/.test(ended) ? `${sentence} ${sessionsEnded(Number(ended))}` : sentence
}
