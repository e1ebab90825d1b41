import { expect, test } from "vitest"
import { testPatient } from "../testing.ts"
import { versions } from "./versions.ts"

test.each([
  ["22.11.0", "problem"],
  ["20.19.4", "problem"],
  ["22.12.0", "ok"],
  ["24.1.0", "ok"],
])("Node %s", async (nodeVersion, verdict) => {
  const { look } = await testPatient({ probes: { nodeVersion } })
  expect(await look(versions)).toMatchObject({
    verdict,
    found: expect.stringContaining(`Node ${nodeVersion}`),
  })
})
