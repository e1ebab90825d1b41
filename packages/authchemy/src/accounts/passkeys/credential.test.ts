import { expect, test } from "vitest"
import { readAssertion, readRegistration } from "./credential.ts"
import { createAuthenticator } from "./testing.ts"

const authenticator = createAuthenticator({ origin: "https://auth.example.com", rpId: "auth.example.com" })
const created = JSON.parse(authenticator.create({ challenge: "YWJj", user: { id: "AAAA" } }))
const got = JSON.parse(authenticator.get({ challenge: "YWJj" }))
const bent = (value: object, change: object, response: object = {}) =>
  JSON.stringify({ ...value, ...change, response: { ...Reflect.get(value, "response"), ...response } })

test("what a browser gives is read, without what nobody asked for", () => {
  expect(readRegistration(bent(created, { more: 1 }, { more: 1 }))).toEqual(created)
  expect(readAssertion(bent(got, { authenticatorAttachment: "platform" }))).toEqual({
    ...got,
    userHandle: "AAAA",
  })
})

test.each<[string, string]>([
  ["no JSON", "{"],
  ["nothing", ""],
  ["a list", "[]"],
  ["another type", bent(created, { type: "password" })],
  ["an id that is too long", bent(created, { id: "a".repeat(1365) })],
  ["an id that is no base64url", bent(created, { id: "a/b" })],
  ["no response", JSON.stringify({ ...created, response: null })],
  ["a number for a text", bent(created, {}, { clientDataJSON: 1, signature: 1 })],
  ["more than a form holds", bent(created, { more: "x".repeat(16 * 1024) })],
])("%s is none", (_what, text) => {
  expect(readRegistration(text)).toBeNull()
  expect(readAssertion(text)).toBeNull()
})

test.each([null, "", undefined])(
  "a sign-in with the user handle %j is none: it names no account",
  (userHandle) => {
    expect(readAssertion(bent(got, {}, { userHandle }))).toBeNull()
  },
)

test("transports that make no sense count as none, and unknown ones as they are", () => {
  const transportsOf = (transports: unknown) =>
    readRegistration(bent(created, {}, { transports }))?.response.transports
  expect(transportsOf(["internal", "telepathy"])).toEqual(["internal", "telepathy"])
  for (const nonsense of [["<b>"], "usb", [1], Array(11).fill("usb")])
    expect(transportsOf(nonsense)).toEqual([])
})
