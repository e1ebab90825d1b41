import { tryAgainIn } from "../times-in-words.ts"
import type { Refusal } from "./built-in.ts"

export function refusal(field: string, message: string): Refusal {
  return { ok: false, field, message }
}

export function tooManyAttempts(retryAfterSeconds: number): Refusal {
  const message = `Too many attempts. ${tryAgainIn(retryAfterSeconds)}`
  return { ok: false, field: "form", message, retryAfterSeconds }
}

/** What a browser was about to do when its session was ended. */
export const CHANGED_MEANWHILE = "Something about this account has changed meanwhile. Sign in again."
export const VOID_LINK = "This link has been used or has expired. Ask for a new one."
export const NOT_AN_EMAIL = "Email must be an address such as ada@example.com."
export const PASSWORD_NEEDED = "Password is needed."
export const BREACHED =
  "This password is in a list of passwords that were stolen elsewhere. Choose another one."
export const DISABLED = "This account is disabled. Ask whoever runs this server."
