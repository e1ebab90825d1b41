/** How many slots a Redis Cluster has. */
export const SLOTS = 16_384

/**
 * The slot of a key: CRC-16/XMODEM of its tag, that is what stands between the first `{` and the next `}`, or of the whole key where there is no
 * tag (Redis Cluster specification, Key distribution model and Hash tags).
 */
export function slotOf(key: string): number {
  return crc16(Buffer.from(tagOf(key) ?? key)) % SLOTS
}

function tagOf(key: string): string | null {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? null
}

function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc
}
