/** How long an answer is waited for, in milliseconds. */
export const ANSWER_LIMIT_MS = 5_000
/** No provider's metadata is half as long. */
const MOST_BYTES = 256 * 1024

/** What is answered at an address where somebody describes itself. */
export type Described = {
  status: number
  /** How it calls itself (`issuer`); `null` where it does not say. */
  issuer: unknown
  /** In words, for a sentence: its status, where it leads to, and how it calls itself. */
  said: string
}

/** Asks an authorization server for its metadata (RFC 8414, OpenID Connect Discovery 1.0). Redirects are not followed. @throws what `fetch` throws */
export async function askMetadata(url: string, send: typeof fetch): Promise<Described> {
  const response = await send(url, { redirect: "manual", signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })
  const issuer = issuerIn(await beginningOf(response))
  const location = response.headers.get("location")
  const leads = location === null ? "" : `, which leads to ${location}`
  const calls = issuer === null ? "" : `, and calls itself ${JSON.stringify(issuer)}`
  return { status: response.status, issuer, said: `answers ${response.status}${leads}${calls}` }
}

function issuerIn(text: string): unknown {
  try {
    const metadata: unknown = JSON.parse(text)
    return typeof metadata === "object" && metadata !== null && "issuer" in metadata ? metadata.issuer : null
  } catch {
    return null
  }
}

/** Whatever answers may go on for ever. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MOST_BYTES) break
  }
  return text
}
