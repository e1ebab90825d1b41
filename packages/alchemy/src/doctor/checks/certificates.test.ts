import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { selfSigned } from "../../network/testing.ts"
import { testPatient } from "../testing.ts"
import { certificates } from "./certificates.ts"

test("nothing is added", async () => {
  expect(await (await testPatient()).look(certificates)).toMatchObject({ verdict: "ok" })
})

test("a file with a certificate, one without, none", async () => {
  const { home } = await testPatient()
  const at = (name: string) => join(home, name)
  await writeFile(at("good.pem"), selfSigned("localhost").cert)
  await writeFile(at("bad.pem"), "no certificate")
  const look = async (name: string) =>
    (await testPatient({ env: { NODE_EXTRA_CA_CERTS: at(name) } })).look(certificates)
  expect(await look("good.pem")).toMatchObject({ verdict: "ok", found: expect.stringContaining("good.pem") })
  expect(await look("bad.pem")).toMatchObject({
    verdict: "problem",
    found: expect.stringContaining("holds no certificate"),
  })
  expect(await look("none.pem")).toMatchObject({
    verdict: "problem",
    found: expect.stringContaining("cannot be read"),
  })
})

test("certificates that nobody checks", async () => {
  const { look } = await testPatient({ env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } })
  expect(await look(certificates)).toMatchObject({ verdict: "problem" })
})
