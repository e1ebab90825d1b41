const TOKEN = /^alchemy_[a-z]{2}_/

/** A secret as it may be shown: enough to recognise it, far too little to use it. */
export function maskSecret(secret: string): string {
  if (TOKEN.test(secret) && secret.length >= 40) return `${secret.slice(0, 15)}…${secret.slice(-4)}`
  if (secret.length >= 20) return `${secret.slice(0, 4)}…${secret.slice(-4)}`
  return "••••"
}

/** Every occurrence of the secrets in a text, plain or percent-encoded, and everything of the form of a token, masked. */
export function redact(text: string, secrets: readonly (string | undefined)[] = []): string {
  let redacted = text
  for (const secret of secrets) {
    if (secret === undefined || secret === "") continue
    redacted = redacted.replaceAll(secret, maskSecret(secret))
    redacted = redacted.replaceAll(encodeURIComponent(secret), maskSecret(secret))
  }
  return redacted.replace(/alchemy_[a-z]{2}_[0-9A-Za-z]{20,}/g, maskSecret)
}
