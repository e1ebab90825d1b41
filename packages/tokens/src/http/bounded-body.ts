/**
 * Reads a body as text. Nothing beyond the limit is kept, whatever the headers claim.
 * @returns `null` where it is longer
 */
export async function readBoundedText(response: Response, mostBytes: number): Promise<string | null> {
  const decoder = new TextDecoder()
  let text = ""
  let size = 0
  const reader = response.body?.getReader()
  if (reader === undefined) return text
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > mostBytes) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}
