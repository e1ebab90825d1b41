import type { Refusal } from "./built-in.ts"

export function refusal(field: string, message: string): Refusal {
  return { ok: false, field, message }
}

export function tooManyAttempts(retryAfterSeconds: number): Refusal {
  const minutes = Math.ceil(retryAfterSeconds / 60)
  const message = `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`
  return { ok: false, field: "form", message, retryAfterSeconds }
}

export const NOT_AN_EMAIL = "Email must be an address such as ada@example.com."
export const PASSWORD_NEEDED = "Password is needed."
export const BREACHED =
  "This password is in a list of passwords that were stolen elsewhere. Choose another one."
export const DISABLED = "This account is disabled. Ask whoever runs this server."
