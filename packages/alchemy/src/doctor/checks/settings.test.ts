import { expect, test } from "vitest"
import { testPatient } from "../testing.ts"
import { settings } from "./settings.ts"

test("both servers are named", async () => {
  const { look } = await testPatient({ env: { ALCHEMY_ADMIN_API_BASE_URL: "https://api.example.com" } })
  expect(await look(settings)).toMatchObject({
    verdict: "ok",
    found: "sign-in at https://auth.example.com, admin API at https://api.example.com",
  })
})

test("on this machine they are one", async () => {
  const { look } = await testPatient({ env: { ALCHEMY_AUTH_URL: "http://localhost:4000" } })
  expect(await look(settings)).toMatchObject({ found: "http://localhost:4000" })
})

test("an address that is none names its source", async () => {
  const { look } = await testPatient({ env: { ALCHEMY_AUTH_URL: "http://auth.example.com" } })
  await expect(look(settings)).rejects.toMatchObject({
    message: expect.stringContaining("ALCHEMY_AUTH_URL must use https"),
  })
})
