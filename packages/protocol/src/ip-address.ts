/** How many bits an IP address has: 32 or 128; `null`: the text is none. An address with a zone (RFC 4007 §11) is none. */
export function addressBits(text: string): 32 | 128 | null {
  if (isIpv4(text)) return 32
  return ipv6Groups(text) === null ? null : 128
}

/** The one way to write an IP address: IPv4 in dots, IPv6 in eight groups without leading zeros; `null`: the text is none. */
export function canonicalAddress(text: string): string | null {
  return isIpv4(text)
    ? text
    : (ipv6Groups(text)
        ?.map((group) => group.toString(16))
        .join(":") ?? null)
}

/** Four decimal numbers without leading zeros (RFC 3986 §3.2.2, `IPv4address`). */
function isIpv4(text: string): boolean {
  const numbers = text.split(".")
  return (
    numbers.length === 4 && numbers.every((number) => /^(0|[1-9]\d{0,2})$/.test(number) && +number <= 255)
  )
}

/** The eight numbers of an IPv6 address in any of its notations (RFC 4291 §2.2); `null`: the text is none. */
function ipv6Groups(text: string): number[] | null {
  const [head = "", tail, ...rest] = text.split("::")
  if (rest.length > 0) return null
  const before = groupsOf(head, tail === undefined)
  if (tail === undefined) return before?.length === 8 ? before : null
  const after = groupsOf(tail, true)
  if (before === null || after === null) return null
  const missing = 8 - before.length - after.length
  return missing < 1 ? null : [...before, ...new Array<number>(missing).fill(0), ...after]
}

/** @param atEnd the last group may be an IPv4 address, which stands for two */
function groupsOf(text: string, atEnd: boolean): number[] | null {
  if (text === "") return []
  const groups: number[] = []
  const parts = text.split(":")
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else if (atEnd && index === parts.length - 1 && isIpv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number)
      groups.push(a * 256 + b, c * 256 + d)
    } else return null
  }
  return groups
}
