/** A browser's `fetch` that notes the cookies which it is given, and the codes that it carries back. */
export function watching(note: (what: string, secret: string) => void): typeof fetch {
  return async (target, init) => {
    const response = await fetch(target, init)
    for (const cookie of response.headers.getSetCookie()) {
      const value = decodeURIComponent(/^[^=]*=([^;]*)/.exec(cookie)?.[1] ?? "")
      // Whole, and what makes it one: the server's database knows what is signed, and not the signature.
      if (value !== "")
        for (const part of new Set([value, value.split(".")[1] ?? value])) note("a cookie", part)
    }
    const code = new URL(response.headers.get("location") ?? "/", String(target)).searchParams.get("code")
    if (code !== null) note("a code", code)
    return response
  }
}
