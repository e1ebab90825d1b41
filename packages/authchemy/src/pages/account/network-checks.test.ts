import { expect, test } from "vitest"
import { NETWORKS, networkChecks } from "./network-checks.ts"

const choice = {
  known: [
    { id: "ONE", name: "One" },
    { id: "TWO", name: "Two" },
  ] as unknown as Parameters<typeof networkChecks>[0]["known"],
  chosen: new Set(["TWO"]),
  problem: { field: NETWORKS, message: "Choose at least one network." },
}

test("what is wrong stands right under the legend, before the choices, and describes them all", () => {
  const html = String(networkChecks(choice))
  expect(html).toMatch(
    /aria-describedby="networks-problem">\s*<legend>Networks<\/legend>\s*<p class="wrong" id="networks-problem">Choose/,
  )
  expect(html.indexOf('networks-problem">Choose')).toBeLessThan(html.indexOf('type="checkbox"'))
})

test("what is chosen is ticked; problems of other fields are not said here", () => {
  const html = String(
    networkChecks({ ...choice, problem: { field: "name", message: "Give a name." }, note: "Old." }),
  )
  expect(html.match(/ checked>(\w+)/)?.[1]).toBe("Two")
  expect(html.match(/ checked/g)).toHaveLength(1)
  expect(html).not.toContain("Give a name.")
  expect(html).toMatch(/aria-describedby="networks-hint"/)
})
