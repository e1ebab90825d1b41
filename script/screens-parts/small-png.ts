import { crc32, deflateSync, inflateSync } from "node:zlib"

export const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MOST_COLOURS = 256
/** So many of the most frequent colours stay as they are: grounds, lines, texts, shadows. The others are edges of letters. */
const KEPT = 40
/** How far colours lie apart that do not become one, in any channel. */
const NEAR = 28

/** A picture without its packing: three bytes a pixel, row by row. */
type Pixels = { width: number; height: number; rgb: Uint8Array }

/**
 * The same picture with a palette of at most 256 colours (PNG, third edition, §11.2.1): a quarter of the bytes of what a browser writes, and pages have few colours.
 * Rare ones become one with those near them.
 * @param png 8 bits a channel, RGB or RGBA without transparency, not interlaced
 * @throws Error where it is another kind of PNG
 */
export function smallPng(png: Uint8Array): Uint8Array {
  const { width, height, rgb } = pixelsOf(Buffer.from(png))
  const { palette, indexOf } = paletteOf(rgb)
  const rows = Buffer.alloc((width + 1) * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    rows[Math.floor(pixel / width) + pixel + 1] = indexOf.get(colourAt(rgb, pixel)) ?? 0
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", colours),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ])
}

export function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12)
  framed.writeUInt32BE(data.length, 0)
  framed.write(type, 4, "latin1")
  data.copy(framed, 8)
  framed.writeUInt32BE(crc32(framed.subarray(4, data.length + 8)), data.length + 8)
  return framed
}

export function pixelsOf(png: Buffer): Pixels {
  const [width, height, depth, kind, interlaced] = [
    png.readUInt32BE(16),
    png.readUInt32BE(20),
    ...[png[24], png[25], png[28]],
  ]
  const size = kind === 2 ? 3 : kind === 6 ? 4 : 0
  if (size === 0 || depth !== 8 || interlaced !== 0) throw new Error("a PNG of another kind")
  const packed: Buffer[] = []
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") {
      packed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
    }
  }
  const bytes = unfiltered(inflateSync(Buffer.concat(packed)), width * size, size)
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = bytes[pixel * size + channel] ?? 0
    }
  }
  return { width, height, rgb }
}

/** Undoes the filters (PNG §9.2). @param length of a row, in bytes */
function unfiltered(filtered: Uint8Array, length: number, size: number): Uint8Array {
  const rows = filtered.length / (length + 1)
  const bytes = new Uint8Array(rows * length)
  for (let row = 0; row < rows; row++) {
    const filter = filtered[row * (length + 1)] ?? 0
    const start = row * length
    for (let x = 0; x < length; x++) {
      const left = x < size ? 0 : (bytes[start + x - size] ?? 0)
      const up = row === 0 ? 0 : (bytes[start + x - length] ?? 0)
      const corner = row === 0 || x < size ? 0 : (bytes[start + x - length - size] ?? 0)
      const raw = filtered[row * (length + 1) + 1 + x] ?? 0
      bytes[start + x] = raw + predicted(filter, left, up, corner)
    }
  }
  return bytes
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter !== 4) return 0
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

function colourAt(rgb: Uint8Array, pixel: number): number {
  const at = pixel * 3
  return ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0)
}

/** The colours that stand for all, and which of them stands for each. */
function paletteOf(rgb: Uint8Array): { palette: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>()
  for (let pixel = 0; pixel < rgb.length / 3; pixel++) {
    const colour = colourAt(rgb, pixel)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  // The most frequent first; the colour itself decides between equals, so that a picture is the same at each run.
  const byFrequency = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour)
  const palette: number[] = []
  const indexOf = new Map<number, number>()
  for (const [rank, colour] of byFrequency.entries()) {
    const nearest = rank < KEPT ? null : nearestIn(palette, colour)
    if (nearest === null) palette.push(colour)
    indexOf.set(colour, nearest ?? palette.length - 1)
  }
  if (palette.length > MOST_COLOURS) throw new Error(`a picture with ${palette.length} colours`)
  return { palette, indexOf }
}

/** The place of the colour that is most like another, or `null` where none is near enough. */
function nearestIn(palette: readonly number[], colour: number): number | null {
  let nearest: number | null = null
  let least = NEAR
  for (const [place, other] of palette.entries()) {
    const distance = Math.max(
      Math.abs((other >> 16) - (colour >> 16)),
      Math.abs(((other >> 8) & 255) - ((colour >> 8) & 255)),
      Math.abs((other & 255) - (colour & 255)),
    )
    if (distance < least) [nearest, least] = [place, distance]
  }
  return nearest
}
