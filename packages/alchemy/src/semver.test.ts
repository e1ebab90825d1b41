import { expect, test } from "vitest"
import { compareVersions, parseVersion } from "./semver.ts"

/** In ascending order; the prereleases are those of Semantic Versioning 2.0.0, 11. */
const ASCENDING = [
  "0.9.9",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "1.0.0",
  "1.0.2",
  "1.0.10",
  "1.2.0-0",
  "1.2.0",
  "2.0.0",
  "10.0.0",
]

const parsed = (text: string) => {
  const version = parseVersion(text)
  if (version === null) throw new Error(`${text} is no version`)
  return version
}

test("every version comes before those after it, whatever is compared with what", () => {
  for (const [index, one] of ASCENDING.entries()) {
    for (const [beside, other] of ASCENDING.entries()) {
      const sign = Math.sign(compareVersions(parsed(one), parsed(other)))
      expect({ one, other, sign }).toEqual({ one, other, sign: Math.sign(index - beside) })
    }
  }
})

test("what it says of the build does not count", () => {
  expect(compareVersions(parsed("1.0.0+a"), parsed("1.0.0+b"))).toBe(0)
  expect(compareVersions(parsed("1.0.0-rc.1+a"), parsed("1.0.0-rc.1"))).toBe(0)
})

test.each([
  "",
  "1",
  "1.2",
  "v1.2.3",
  "1.2.3.4",
  "01.2.3",
  "1.2.3-",
  "1.2.3-a..b",
  "1.2.3-01",
  "1.2.3 ",
  "1.2.3\n",
  "1.2.3; rm -rf /",
  "\u001b[31m1.2.3",
])("%j is no version", (text) => {
  expect(parseVersion(text)).toBeNull()
})
