import { expect, test } from "vitest"
import { createSite } from "./site.ts"

const plain = { name: "Authchemy", logo: null, accent: null }

test("the style sheet is one file under 15 kB, whatever the accent", () => {
  const { style } = createSite({ ...plain, accent: "#ffe600" }, { hasSecurityPage: true })
  expect(Buffer.byteLength(style.body)).toBeLessThan(15_000)
  expect(style.body).toContain("--accent:")
})

test("an asset's path changes with its content", () => {
  const [one, other] = ["#112233", "#445566"].map((accent) =>
    createSite({ ...plain, accent }, { hasSecurityPage: true }),
  )
  expect(one?.style.path).toMatch(/^\/assets\/style-[0-9a-f]{12}\.css$/)
  expect(one?.style.path).not.toBe(other?.style.path)
  expect(one?.scripts.copy.path).toBe(other?.scripts.copy.path)
})

test("an operator's logo takes the place of the mark", () => {
  const body = new Uint8Array([1, 2, 3])
  const { icon } = createSite({ ...plain, logo: { type: "image/png", body } }, { hasSecurityPage: false })
  expect(icon).toMatchObject({ type: "image/png", body, path: expect.stringMatching(/\.png$/) })
})
