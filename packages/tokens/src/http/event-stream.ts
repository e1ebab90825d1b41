import type { StreamEvent } from "@authchemy/protocol"

/**
 * Reads `text/event-stream` (HTML Living Standard §9.2.6), as much of it as an authchemy server sends: lines end with a line feed, comments say nothing.
 * @param onEvent told of each event that has data
 * @param mostBytes of an event that is under way; a longer one is an error
 * @returns takes the next piece of the stream
 */
export function createEventReader(
  onEvent: (event: StreamEvent) => void,
  mostBytes: number,
): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder()
  let rest = ""
  let fields: Map<string, string> = new Map()
  let size = 0

  const readLine = (line: string) => {
    if (line === "") {
      const data = fields.get("data")
      if (data !== undefined)
        onEvent({ id: fields.get("id") ?? "", event: fields.get("event") ?? "message", data })
      fields = new Map()
      size = 0
      return
    }
    size += line.length
    const [, name = "", value = ""] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
    if (name !== "") fields.set(name, value)
  }

  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) readLine(line)
    if (size + rest.length > mostBytes) throw new Error("an event of the stream is too long")
  }
}
