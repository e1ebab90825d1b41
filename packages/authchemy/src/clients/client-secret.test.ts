import { digestOf } from "@authchemy/tokens"
import { expect, test } from "vitest"
import { ALCHEMY_CLI } from "./client.ts"
import { clientSecretProblem, mintClientSecret, verifySecret } from "./client-secret.ts"

test("a secret is 256 bits from the source of randomness", () => {
  const sizes: number[] = []
  const secret = mintClientSecret((size) => {
    sizes.push(size)
    return new Uint8Array(size).fill(0xff)
  })
  expect(sizes).toEqual([32])
  expect(secret).toBe(`alchemy_cs_${"_".repeat(42)}8`)
  expect(clientSecretProblem(secret)).toBeNull()
})

test("only the client's own secret is right, and a public client has none", () => {
  const secret = mintClientSecret((size) => new Uint8Array(size))
  const client = { ...ALCHEMY_CLI, secretDigest: digestOf(secret) }
  expect(verifySecret(client, secret)).toBe(true)
  for (const other of ["", `${secret} `, secret.slice(0, -1), digestOf(secret)]) {
    expect(verifySecret(client, other)).toBe(false)
  }
  for (const other of ["", "null", secret]) expect(verifySecret(ALCHEMY_CLI, other)).toBe(false)
  expect(verifySecret({ ...client, secretDigest: "" }, "")).toBe(false)
})

test.each(["", "x".repeat(31), "x".repeat(257), `${"x".repeat(32)} `, `${"x".repeat(32)}é`])(
  "%j is no secret to be trusted",
  (secret) => {
    expect(clientSecretProblem(secret)).toMatch(/32 to 256/)
  },
)
