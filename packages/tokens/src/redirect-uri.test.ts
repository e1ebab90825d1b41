import { describe, expect, test } from "vitest"
import { isLoopbackRedirectUri, isRegisteredRedirectUri, redirectUriProblem } from "./redirect-uri.ts"

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

const LOOPBACK = [
  "http://127.0.0.1/callback",
  "http://[::1]/callback",
  "http://localhost:8080/sign-in/done?from=cli&x=%2F",
]
const EXACT = [
  "https://app.example.com/oauth/callback",
  "https://app.example.com:8443/callback?tenant=a%20b",
  "https://localhost:3000/callback",
  "https://bare.example",
  "com.example.app:/oauth2redirect",
  "com.example.app://callback",
]
const REGISTERED = [...LOOPBACK, ...EXACT]

describe("registered redirect URIs", () => {
  test("S5 registered loopback URIs match on every port and on none", () => {
    for (const uri of LOOPBACK) {
      const [, origin, path] = /^(http:..[^/]+?)(?::8080)?(\/.*)$/.exec(uri) ?? []
      expect(isRegisteredRedirectUri(REGISTERED, `${origin}${path}`)).toBe(true)
      for (let port = 1; port <= 65535; port++) {
        const given = `${origin}:${port}${path}`
        if (!isRegisteredRedirectUri(REGISTERED, given)) expect.fail(`${given} was refused`)
      }
    }
  })

  test.each(EXACT)("%s matches itself", (uri) => {
    expect(isRegisteredRedirectUri(REGISTERED, uri)).toBe(true)
    const others = REGISTERED.filter((other) => other !== uri)
    expect(isRegisteredRedirectUri(others, uri)).toBe(false)
  })

  const callbacks = [
    "http://127.0.0.1/callback",
    "http://[::1]/callback",
    "http://localhost/callback",
    "https://127.0.0.1/done",
  ]
  const evil = Object.values(refused)
    .flat()
    .filter((uri) => uri !== "http://127.0.0.1/callback")
  test.each(evil)("S6 S7 S8 S9 %j is refused where /callback on loopback is registered", (uri) => {
    expect(isRegisteredRedirectUri(callbacks, uri)).toBe(false)
  })

  test.each([
    ["the port of https", "https://app.example.com:444/oauth/callback"],
    ["the port of https on loopback", "https://localhost:3001/callback"],
    ["another query", "https://app.example.com:8443/callback?tenant=a+b"],
    ["another case of an escape", "http://localhost:80/sign-in/done?from=cli&x=%2f"],
    ["a path on what has none", "https://bare.example/"],
    ["the path of another one", "http://127.0.0.1:80/sign-in/done?from=cli&x=%2F"],
    ["the scheme's case", "HTTPS://app.example.com/oauth/callback"],
    ["one slash for two", "com.example.app:/callback"],
  ])("%s is not let pass", (_what, uri) => {
    expect(isRegisteredRedirectUri(REGISTERED, uri)).toBe(false)
  })

  test("nothing matches where nothing is registered", () => {
    expect(isRegisteredRedirectUri([], "http://127.0.0.1:80/callback")).toBe(false)
  })
})

describe("what can be registered", () => {
  test.each([
    ...REGISTERED,
    "http://127.0.0.1:65535/",
    "https://app.example.com/",
    "https://[2001:db8::1]:8443/callback",
    "https://xn--bcher-kva.example/callback",
  ])("%s can", (uri) => {
    expect(redirectUriProblem(uri)).toBeNull()
  })

  test.each([
    ["", /https/],
    ["callback", /https/],
    ["//app.example.com/callback", /https/],
    ["javascript:alert(1)", /https/],
    ["javascript://app.example.com/%0aalert(1)", /https/],
    ["data:text/html,x", /https/],
    ["vbscript:x", /https/],
    ["file:///etc/passwd", /https/],
    ["myapp:/callback", /with a dot/],
    ["com.example.app:callback", /with a dot/],
    ["com..app:/callback", /with a dot/],
    ["app.example.com:443", /with a dot/],
    ["urn:ietf:wg:oauth:2.0:oob", /with a dot/],
    ["http://app.example.com/callback", /https, or http:\/\/127/],
    ["http://127.0.0.1.evil.example/callback", /https, or http:\/\/127/],
    ["http://127.1/callback", /https, or http:\/\/127/],
    ["http://0.0.0.0/callback", /https, or http:\/\/127/],
    ["http://127.0.0.1:65536/callback", /https, or http:\/\/127/],
    ["http://127.0.0.1:0/callback", /https, or http:\/\/127/],
    ["http://127.0.0.1", /with a path/],
    ["http://127.0.0.1:80/callback", /as browsers write it: http:\/\/127\.0\.0\.1\/callback$/],
    ["https:///callback", /https/],
    ["https://0x7f.1/callback", /as browsers write it: https:\/\/127\.0\.0\.1\/callback$/],
    ["https://App.Example.com/callback", /as browsers write it: https:\/\/app\.example\.com\/callback$/],
    ["https://app.example.com:443/callback", /as browsers write it/],
    ["https://app.example.com/a/../callback", /as browsers write it/],
    ["HTTPS://app.example.com/callback", /https/],
    ["https://999.999.999.999/callback", /can open/],
    ["https://app.example.com:99999/callback", /can open/],
    ["https://user@app.example.com/callback", /user info/],
    ["https://:@app.example.com/callback", /user info/],
    ["http://user:pw@127.0.0.1/callback", /user info/],
    ["com.example.app://user@callback", /user info/],
    ["https://app.example.com/callback#", /fragment/],
    ["https://*.example.com/callback", /wildcard/],
    ["https://app.example.com/*", /wildcard/],
    ["https:\\\\app.example.com\\callback", /backslash/],
    ["https://app.example.com/%", /stray %/],
    ["https://app.example.com/<x>", /must be a URI/],
    ["https://app.example.com/call back", /printable ASCII/],
    ["https://app.example.com/callback\n", /printable ASCII/],
    ["https://app.example.com/\0", /printable ASCII/],
    ["https://bücher.example/callback", /printable ASCII/],
  ])("%j cannot", (uri, problem) => {
    expect(redirectUriProblem(uri)).toMatch(problem)
  })
  test("512 characters can, 513 cannot", () => {
    const uri = `https://app.example.com/${"x".repeat(488)}`
    expect(redirectUriProblem(uri)).toBeNull()
    expect(redirectUriProblem(`${uri}x`)).toMatch(/at most 512/)
  })
})
