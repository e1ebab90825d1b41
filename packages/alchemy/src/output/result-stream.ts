import { fstatSync, writeSync } from "node:fs"

/** What results are written to. */
export type ResultStream = {
  readonly isTTY?: boolean
  readonly columns?: number
  /** `done` is called once the text is handed over, or the reader has gone away. */
  write(text: string | Uint8Array, done?: () => void): unknown
}

/**
 * Standard output. Where it is a pipe, a socket or a file, it is written directly: opening the runtime's stream for it takes milliseconds.
 * @param stream opens the runtime's stream, for a terminal and for whatever cannot be written directly
 */
export function resultStream(descriptor: number, stream: () => ResultStream): ResultStream {
  if (!isPlain(descriptor)) return stream()
  return {
    isTTY: false,
    write: (text, done = () => {}) => {
      const rest = writeDirectly(descriptor, typeof text === "string" ? Buffer.from(text, "utf8") : text)
      if (rest === null) done()
      else stream().write(rest, done)
    },
  }
}

function isPlain(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor)
    return status.isFIFO() || status.isSocket() || status.isFile()
  } catch {
    return false
  }
}

/** The bytes that a full pipe did not take; `null` where all was written, or the reader has gone away (`alchemy … | head`). */
function writeDirectly(descriptor: number, bytes: Uint8Array): Uint8Array | null {
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written)
    return null
  } catch (error) {
    const full = error instanceof Error && "code" in error && error.code === "EAGAIN"
    return full ? bytes.subarray(written) : null
  }
}
