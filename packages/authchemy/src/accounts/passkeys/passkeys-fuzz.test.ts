import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { openPartsUnderTest, RIGHT_PASSWORD, requestWith, VISIT } from "../parts-testing.ts"
import { createPasskeys } from "./passkeys.ts"
import { createAuthenticator } from "./testing.ts"

test("whatever is posted as a credential, it is refused with a sentence", { timeout: 60_000 }, async () => {
  const under = await openPartsUnderTest({
    name: "SQLite",
    create: async (directory) => join(directory, "authchemy.db"),
    env: async () => ({}),
  })
  const passkeys = createPasskeys(under.parts, { siteName: "Example", providers: [] })
  const ada = await under.account("ada@example.com")
  const key = createAuthenticator({ origin: "https://auth.example.com", rpId: "auth.example.com" })
  const { options: creation } = await passkeys.registrationOptions(ada)
  const { options: request } = await passkeys.signInOptions()
  const real = [key.create(creation), key.get(request)]
  const bent = fc
    .tuple(fc.constantFrom(...real), fc.nat(), fc.string({ minLength: 1, maxLength: 3 }))
    .map(([original, place, put]) => {
      const at = place % original.length
      return original.slice(0, at) + put + original.slice(at + put.length)
    })
  const field = fc.oneof(fc.base64String(), fc.string(), fc.jsonValue())
  const shaped = fc
    .record({
      ...{
        id: field,
        rawId: field,
        type: fc.constantFrom("public-key", "x"),
        clientExtensionResults: fc.jsonValue(),
      },
      response: fc.record({
        ...{ clientDataJSON: field, attestationObject: field, authenticatorData: field, signature: field },
        ...{ userHandle: field, transports: fc.jsonValue() },
      }),
    })
    .map((value) => JSON.stringify(value))
  const anything = fc.oneof(bent, shaped, fc.json(), fc.string(), fc.constant("[".repeat(16_384)))
  const runs = Number(process.env.AUTHCHEMY_FUZZ_RUNS ?? 100)
  let address = 0
  await fc.assert(
    fc.asyncProperty(anything, async (credential) => {
      const visit = { ...VISIT, address: `host-${address++}` }
      const begun = await passkeys.signInOptions()
      const signedIn = await passkeys.signIn({ credential }, requestWith(begun.setCookies), visit)
      const beginning = await passkeys.registrationOptions(ada)
      const form = { credential, name: "", password: RIGHT_PASSWORD }
      const registered = await passkeys.register(ada, form, requestWith(beginning.setCookies), VISIT)
      for (const outcome of [signedIn, registered]) {
        expect(outcome).toMatchObject({
          ok: false,
          field: "form",
          message: expect.stringMatching(/^[A-Z].*\.$/),
        })
      }
    }),
    { numRuns: runs },
  )
  expect(await under.database.selectFrom("passkey").selectAll().execute()).toEqual([])
  await under.close()
})
