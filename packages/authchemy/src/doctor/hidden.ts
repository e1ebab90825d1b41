/** Shorter ones would be found in every other word. */
const SHORTEST = 4

/**
 * Blacks out the secrets of a configuration in what others say: a driver's message may repeat the address that it was given, password and all.
 * @param env `AUTHCHEMY_*`
 * @param more secrets that stand in files
 */
export function hiding(
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[],
): (text: string) => string {
  const secrets = [...Object.entries(env).flatMap(([name, value]) => secretsIn(name, value ?? "")), ...more]
    .filter(({ length }) => length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "…"), text)
}

function secretsIn(name: string, value: string): string[] {
  if (!name.startsWith("AUTHCHEMY_")) return []
  if (/_(SECRET|TOKEN)$/.test(name)) return [value.trim()]
  // Between the colon after the user and the last @: as it was written, and as it was meant.
  return Array.from(value.matchAll(/:\/\/[^\s:/@]*:([^\s/]*)@/g)).flatMap(([, written = ""]) => [
    written,
    decoded(written),
  ])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
