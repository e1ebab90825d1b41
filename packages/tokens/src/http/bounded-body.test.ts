import { expect, test } from "vitest"
import { readBoundedText } from "./bounded-body.ts"

const inPieces = (bytes: Uint8Array) =>
  new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    }),
  )

test("a body up to the limit, whatever its pieces are; one byte more is none", async () => {
  const bytes = new TextEncoder().encode("ä€😀")
  expect(await readBoundedText(inPieces(bytes), bytes.byteLength)).toBe("ä€😀")
  expect(await readBoundedText(inPieces(bytes), bytes.byteLength - 1)).toBeNull()
  expect(await readBoundedText(new Response(null), 0)).toBe("")
})
