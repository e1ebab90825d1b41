import { expect, test } from "vitest"
import { checkProxies, proxyFor } from "./proxy-from-env.ts"

const HTTPS = new URL("https://auth.example.com/x")
const HTTP = new URL("http://auth.example.com/x")

test.each<[Record<string, string>, URL, string | undefined]>([
  [{}, HTTPS, undefined],
  [{ HTTPS_PROXY: "http://proxy.test:3128" }, HTTPS, "http://proxy.test:3128"],
  [{ HTTPS_PROXY: "http://proxy.test:3128" }, HTTP, undefined],
  [{ HTTP_PROXY: "http://proxy.test:3128" }, HTTPS, undefined],
  [{ HTTP_PROXY: "http://proxy.test:3128", http_proxy: "http://proxy.test:3128" }, HTTP, undefined],
  [{ https_proxy: "http://lower.test", HTTPS_PROXY: "http://upper.test" }, HTTPS, "http://lower.test"],
  [{ https_proxy: "", HTTPS_PROXY: " http://upper.test " }, HTTPS, "http://upper.test"],
  [{ https_proxy: " " }, HTTPS, undefined],
  [{ HTTPS_PROXY: "proxy.test:3128" }, HTTPS, "http://proxy.test:3128"],
  [{ HTTPS_PROXY: "https://proxy.test:3129/" }, HTTPS, "https://proxy.test:3129"],
  [{ HTTPS_PROXY: "http://[fd00::1]:3128" }, HTTPS, "http://[fd00::1]:3128"],
  [{ HTTPS_PROXY: "http://proxy.test", NO_PROXY: "example.com" }, HTTPS, undefined],
  [{ HTTPS_PROXY: "http://proxy.test", no_proxy: "*" }, HTTPS, undefined],
  [{ HTTPS_PROXY: "http://proxy.test" }, new URL("https://localhost:8443"), undefined],
])("with %j, %s goes through %s", (env, url, origin) => {
  expect(proxyFor(url, env)?.origin).toBe(origin)
})

test.each([
  ["ada:hunter2", "ada:hunter2"],
  ["ada", "ada:"],
  ["ada:p%40ss%2Fw%C3%B6rd", "ada:p@ss/wörd"],
])("user and password %s are sent, and are not part of what is shown", (written, meant) => {
  const proxy = proxyFor(HTTPS, { HTTPS_PROXY: `http://${written}@proxy.test:3128` })
  expect(proxy?.authorization).toBe(`Basic ${Buffer.from(meant).toString("base64")}`)
  expect(proxy?.origin).toBe("http://proxy.test:3128")
})

test.each([
  "http://",
  "http://ada:hun/ter2@proxy.test:3128",
  "http://ada:hunter2%zz@proxy.test:3128",
  "http://proxy.test:99999",
  "socks5://ada:hunter2@proxy.test:1080",
  "http://pro xy",
])("HTTPS_PROXY=%s is refused by its name, and not repeated", (address) => {
  const refusal = expect.objectContaining({ code: "INVALID_ARGS", exitCode: 2 })
  expect(() => checkProxies({ HTTPS_PROXY: address })).toThrow(refusal)
  try {
    proxyFor(HTTPS, { HTTPS_PROXY: address })
    expect.unreachable()
  } catch (error) {
    expect(error).toEqual(refusal)
    const { message, hint } = error as { message: string; hint: string }
    expect(message).toMatch(/^HTTPS_PROXY /)
    expect(hint).toContain("HTTPS_PROXY")
    expect(`${message}${hint}`).not.toMatch(/hunter2|ter2|proxy\.test/)
  }
})

test("a proxy that is not used is no reason to fail", () => {
  expect(proxyFor(HTTPS, { HTTPS_PROXY: "http://", NO_PROXY: "*" })).toBeUndefined()
  expect(proxyFor(HTTPS, { HTTP_PROXY: "http://" })).toBeUndefined()
  expect(proxyFor(HTTP, { HTTP_PROXY: "http://", HTTPS_PROXY: "http://" })).toBeUndefined()
  expect(() => checkProxies({})).not.toThrow()
  expect(() => checkProxies({ HTTP_PROXY: "socks5://x", http_proxy: "http://" })).not.toThrow()
})
