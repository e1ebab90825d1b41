const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** RFC 4648 §6, without padding: as people type a secret into an authenticator. */
export function toBase32(bytes: Uint8Array): string {
  let text = ""
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31]
}

/**
 * What a QR code tells an authenticator (the Key URI Format of Google Authenticator). SHA-1, six digits and 30 seconds are what all of them take (RFC 6238).
 * @param options.issuer the site's name; a colon in it would end it, and is left out
 * @param options.secret in base32
 */
export function totpUri(options: { issuer: string; email: string; secret: string }): string {
  const issuer = options.issuer.replaceAll(":", "")
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(options.email)}`
  const parameters = `secret=${options.secret}&issuer=${encodeURIComponent(issuer)}`
  return `otpauth://totp/${label}?${parameters}&algorithm=SHA1&digits=6&period=30`
}
