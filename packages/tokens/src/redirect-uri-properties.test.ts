import fc from "fast-check"
import { expect, test } from "vitest"
import { isLoopbackRedirectUri, isRegisteredRedirectUri, redirectUriProblem } from "./redirect-uri.ts"

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

/** Loopback URIs as they are registered: what stands before the port, the port, what stands after it. */
const LOOPBACK_PARTS = [
  ["http://127.0.0.1", "", "/callback"],
  ["http://[::1]", "", "/callback"],
  ["http://localhost", ":8080", "/sign-in/done?from=cli&x=%2F"],
  ["http://localhost", ":1", "/80/:443/"],
] as const
const EXACT = [
  "https://app.example.com/oauth/callback",
  "https://app.example.com:8443/callback?tenant=a%20b",
  "https://localhost:3000/callback",
  "https://bare.example",
  "com.example.app:/oauth2redirect",
  "com.example.app://callback",
]
const REGISTERED = [...LOOPBACK_PARTS.map((parts) => parts.join("")), ...EXACT]

const ANY_PORT = new Set(["", ...Array.from({ length: 65535 }, (_, index) => `:${index + 1}`)])

/** Written without the code under test: by cutting off what is registered, and a list of all ports. */
function registeredOneOf(given: string): string | undefined {
  return REGISTERED.find((uri, index) => {
    const [origin, , rest] = LOOPBACK_PARTS[index] ?? []
    if (origin === undefined || rest === undefined) return uri === given
    const fits =
      given.startsWith(origin) && given.endsWith(rest) && given.length >= origin.length + rest.length
    return fits && ANY_PORT.has(given.slice(origin.length, given.length - rest.length))
  })
}

const ODD_HOSTS =
  "evil.example .evil.example 127.0.0.1 127.1 0x7f.1 0.0.0.0 2130706433 [::1] [::ffff:127.0.0.1] localhost localhost. LOCALHOST"
const ODD_JOINTS =
  ": // @ user:pw@ @evil.example :0 :80 :080 :443 :8443 :65536 :99999999 /callback /../ %2f %2e%2e %00 %40 ? ?x=1 # #x"
const ODD_SCHEMES = "http: http:// https:// HTTP:// javascript: data: http://127.0.0.1"
const ODD_PIECES = [
  ..."/\\%&.*0 \t\n\r\0。",
  ...[ODD_HOSTS, ODD_JOINTS, ODD_SCHEMES].flatMap((pieces) => pieces.split(" ")),
]
/** Numbers drive the mutations, so that a failure shrinks to few and small ones. */
const mutation = fc.record({
  at: fc.nat({ max: 600 }),
  cut: fc.nat({ max: 3 }),
  piece: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("", ...ODD_PIECES) },
    { weight: 1, arbitrary: fc.string({ maxLength: 4, unit: "binary" }) },
  ),
})

function mutate(uri: string, mutations: readonly { at: number; cut: number; piece: string }[]): string {
  let text = uri
  for (const { at, cut, piece } of mutations) {
    const position = at % (text.length + 1)
    text = text.slice(0, position) + piece + text.slice(position + cut)
  }
  return text
}

const given = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...REGISTERED), fc.array(mutation, { maxLength: 3 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("", ...ODD_PIECES), fc.array(mutation, { maxLength: 6 })),
  },
)
const loopbackOnAPort = fc
  .tuple(
    fc.constantFrom(...LOOPBACK_PARTS),
    fc.integer({ min: -1, max: 70_000 }),
    fc.constantFrom(":", ":0", ""),
  )
  .map(([[origin, , rest], port, colon]) => `${origin}${colon}${port}${rest}`)
const givenUri = fc.oneof(
  { weight: 9, arbitrary: given.map(([uri, mutations]) => mutate(uri, mutations)) },
  { weight: 1, arbitrary: loopbackOnAPort },
)

test("S6 S7 S8 S9 of a million redirect URIs, only registered ones pass, and loopback on other ports", () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.array(givenUri, { minLength: 100, maxLength: 100 }), (uris) => {
      for (const uri of uris) {
        const one = registeredOneOf(uri)
        if (isRegisteredRedirectUri(REGISTERED, uri) !== (one !== undefined)) expect.fail(JSON.stringify(uri))
        if (one === undefined) continue
        accepted++
        const [opened, registered] = [new URL(uri), new URL(one)]
        const { protocol, hostname, pathname, search, hash, username, password } = opened
        expect([protocol, hostname, pathname, search]).toEqual([
          registered.protocol,
          registered.hostname,
          registered.pathname,
          registered.search,
        ])
        expect([hash, username, password]).toEqual(["", "", ""])
      }
    }),
    { numRuns: 10_000 },
  )
  expect(accepted).toBeGreaterThan(50_000)
})

test("whatever can be registered is opened as it is written, and runs nothing", () => {
  fc.assert(
    fc.property(givenUri, (uri) => {
      if (redirectUriProblem(uri) !== null) return
      const { protocol, hostname, href, hash, username, password } = new URL(uri)
      expect([uri, `${uri}/`]).toContain(href)
      expect([hash, username, password]).toEqual(["", "", ""])
      expect(protocol).toMatch(/^https?:$|^[a-z][a-z0-9+-]*\.[a-z0-9+.-]+:$/)
      if (protocol === "http:") expect(["127.0.0.1", "[::1]", "localhost"]).toContain(hostname)
      expect(isRegisteredRedirectUri([uri], uri)).toBe(true)
    }),
    { numRuns: 50_000 },
  )
})
