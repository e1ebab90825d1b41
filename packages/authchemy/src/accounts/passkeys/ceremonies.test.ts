import { expect, test } from "vitest"
import { createCeremonies } from "./ceremonies.ts"
import { bytes, createAuthenticator, list, map, text } from "./testing.ts"

const ceremoniesOf = (issuer: string) =>
  createCeremonies({ issuer, siteName: "Example", timeoutMs: 1000, onRefused: () => {} })

test.each([
  ["https://auth.example.com", "auth.example.com", "https://auth.example.com", true],
  ["https://auth.example.com", "auth.example.com", "http://auth.example.com", false],
  ["https://auth.example.com", "auth.example.com", "http://localhost", false],
  ["https://auth.example.com:8443", "auth.example.com", "https://auth.example.com:8443", true],
  ["https://auth.example.com:8443", "auth.example.com", "https://auth.example.com", false],
  ["http://localhost:4000", "localhost", "http://localhost:4000", true],
  ["http://127.0.0.1:4000", "localhost", "http://localhost:4000", true],
  ["http://[::1]:4000", "localhost", "http://localhost:4000", true],
  ["http://127.0.0.1:4000", "localhost", "http://localhost:4001", false],
  ["http://localhost", "localhost", "http://localhost", true],
])(
  "on %s passkeys are for %s; one that is made on %s is accepted: %s",
  async (issuer, rpId, origin, accepted) => {
    const ceremonies = ceremoniesOf(issuer)
    expect(await ceremonies.requestOptions()).toMatchObject({ rpId })
    const authenticator = createAuthenticator({ origin, rpId })
    const made = await ceremonies.verifyRegistration(authenticator.create({ challenge: "YWJj" }), "YWJj")
    expect(made?.id).toBe(accepted ? authenticator.id : undefined)
  },
)

test("an authenticator is asked for algorithms that Node verifies without a warning", async () => {
  const options = { userHandle: "AAAA", email: "a@example.com", name: "A", present: [] }
  const { pubKeyCredParams } = await ceremoniesOf("https://auth.example.com").creationOptions(options)
  expect(pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257])
})

test.each([
  ["packed", map([[text("x5c"), list([bytes(Buffer.of(1))])]])],
  ["fido-u2f", map([])],
  ["android-key", map([])],
])("certificates (%s) are refused before anybody looks at them", async (format, statement) => {
  const reasons: string[] = []
  const ceremonies = createCeremonies({
    ...{ issuer: "https://auth.example.com", siteName: "Example", timeoutMs: 1000 },
    onRefused: (reason) => reasons.push(reason),
  })
  const authenticator = createAuthenticator({ origin: "https://auth.example.com", rpId: "auth.example.com" })
  const credential = authenticator.create({ challenge: "YWJj" }, { format, statement })
  expect(await ceremonies.verifyRegistration(credential, "YWJj")).toBeNull()
  expect(reasons).toEqual(["it has certificates, which nobody asked for"])
})
