import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { isLoopbackRedirectUri } from "./redirect-uri.ts"

test("S5 loopback on every port, three spellings of the host", () => {
  for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
    for (let port = 1; port <= 65535; port++) {
      if (!isLoopbackRedirectUri(`http://${host}:${port}/callback`))
        expect.fail(`${host}:${port} was refused`)
    }
  }
})

const refused = {
  S6: [
    "http://user@127.0.0.1:80/callback",
    "http://127.0.0.1:80@evil.example/callback",
    "http://localhost:pw@evil.example/callback",
    "http://:@127.0.0.1:80/callback",
  ],
  S7: [
    "http://127.0.0.1.evil.example:80/callback",
    "http://localhost.evil.example:80/callback",
    "http://0.0.0.0:80/callback",
    "http://2130706433:80/callback",
    "http://0x7f.1:80/callback",
    "http://127.1:80/callback",
    "http://127.0.0.2:80/callback",
    "http://[::ffff:127.0.0.1]:80/callback",
    "http://[::]:80/callback",
    "http://[0:0:0:0:0:0:0:1]:80/callback",
    "http://LOCALHOST:80/callback",
  ],
  S8: [
    "http:\\\\127.0.0.1:80\\callback",
    "http://127.0.0.1:80\\callback",
    "http://127.0.0.1:80%2fcallback",
    "http://127.0.0.1:80/callback%00",
    "http://127.0.0.1:80/callback\r\n",
    "http://127.0.0.1:80/callback\n",
    "http://127.0.0.1:80/call\tback",
    "\thttp://127.0.0.1:80/callback",
    "http://127.0.0.1.:80/callback",
    "http://localhost.:80/callback",
    "http://127。0。0。1:80/callback",
    "http://127.0.0.1:80/callback/../x",
    "http://127.0.0.1:80/x/../callback",
    "http://127.0.0.1:80/callback/",
    "http://127.0.0.1:80//callback",
    "http://127.0.0.1:80/%63allback",
  ],
  S9: [
    "http://127.0.0.1:80/callback#x",
    "http://127.0.0.1:80/callback#",
    "http://127.0.0.1:80/callback?",
    "http://127.0.0.1:80/callback?x=1",
    "https://127.0.0.1:80/callback",
    "HTTP://127.0.0.1:80/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "//127.0.0.1:80/callback",
    "",
  ],
  port: [
    "http://127.0.0.1/callback",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:080/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:99999999999/callback",
    "http://127.0.0.1:+80/callback",
    "http://127.0.0.1:٨٠/callback",
  ],
}

describe.each(Object.entries(refused))("%s refused", (_row, uris) => {
  test.each(uris)("%j", (uri) => {
    expect(isLoopbackRedirectUri(uri)).toBe(false)
  })
})

test("whatever is accepted is, to every URL parser, this machine's /callback and nothing else", () => {
  const host = fc.constantFrom("127.0.0.1", "[::1]", "localhost", "evil.example", "127.0.0.1.", "127.1")
  const joint = fc.constantFrom(
    "",
    ":",
    ":80",
    ":65535",
    ":65536",
    "@",
    "\\",
    "/",
    "?",
    "#",
    "%2f",
    "\t",
    "\n",
  )
  const piece = fc.oneof(host, joint, fc.constantFrom("http://", "/callback", "callback", ".."), fc.string())
  const uri = fc
    .array(piece, { maxLength: 7 })
    .map((pieces) => pieces.join(""))
    .chain((text) => fc.constantFrom(text, `http://${text}`, `http://127.0.0.1:80${text}`))
  fc.assert(
    fc.property(uri, (text) => {
      if (!isLoopbackRedirectUri(text)) return
      const url = new URL(text)
      expect(["127.0.0.1", "[::1]", "localhost"]).toContain(url.hostname)
      expect([url.pathname, url.search, url.hash, url.username]).toEqual(["/callback", "", "", ""])
    }),
    { numRuns: 20_000 },
  )
})
