import fc from "fast-check"
import { expect, test } from "vitest"
import { CLIError } from "../errors.ts"
import { checkProxies, proxyFor } from "./proxy-from-env.ts"

const numRuns = Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 500)
const seed = Number(process.env.AUTHCHEMY_TEST_SEED ?? Date.now() % 2 ** 31)

const SECRET = "s3cret-Pass"
const pieces = fc.constantFrom(
  "http://",
  "https://",
  "socks5://",
  "//",
  "@",
  ":",
  `ada:${SECRET}@`,
  "%",
  "%zz",
  "[::1]",
  "proxy",
  ":0",
  ":99999",
  "/x",
  "#",
  " ",
  "\t",
)
const odd = fc.string({ unit: "binary", maxLength: 30 })
const addresses = fc.oneof(
  odd,
  fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join("")),
  fc.webUrl(),
)
const exempt = fc.oneof(
  odd,
  fc
    .array(
      fc.constantFrom(
        "*",
        ",",
        ".",
        "example.com",
        ".example.com:443",
        "[::1]",
        "10.0.0.0/8",
        "::/0",
        "/",
        " ",
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join("")),
)
const targets = fc.constantFrom(
  "https://auth.example.com",
  "http://127.0.0.1:2",
  "https://[::1]:4",
  "https://10.1.2.3/x",
  "https://xn--bcher-kva.example",
)

/** What it comes to; `null` where it is refused with a sentence. */
function outcomeOf<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof CLIError) || error.code !== "INVALID_ARGS") throw error
    expect(`${error.message}${error.hint ?? ""}`).not.toContain(SECRET)
    return null
  }
}

test("whatever the proxy variables hold: a proxy, none, or a sentence, and no password in either", () => {
  fc.assert(
    fc.property(addresses, exempt, targets, fc.boolean(), (address, noProxy, target, lower) => {
      const env = lower
        ? { https_proxy: address, http_proxy: address, no_proxy: noProxy }
        : { HTTPS_PROXY: address, HTTP_PROXY: address, NO_PROXY: noProxy }
      outcomeOf(() => checkProxies(env))
      const proxy = outcomeOf(() => proxyFor(new URL(target), env))
      if (!proxy) return
      expect(new URL(proxy.origin).host).not.toBe("")
      expect(proxy.origin).not.toContain(SECRET)
      expect(proxy.authorization ?? "").not.toMatch(/[\x00-\x1f\x7f]/)
    }),
    { numRuns, seed },
  )
})
