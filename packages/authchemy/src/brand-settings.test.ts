import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { readBrand } from "./brand-settings.ts"
import type { ConfigProblem } from "./config-error.ts"

const directory = mkdtempSync(join(tmpdir(), "authchemy-brand-"))
afterAll(() => rmSync(directory, { recursive: true }))

const read = (env: Record<string, string>) => {
  const problems: ConfigProblem[] = []
  return { brand: readBrand(env, problems), problems }
}

test("without configuration the pages are the server's own", () => {
  expect(read({})).toEqual({ brand: { name: "Authchemy", logo: null, accent: null }, problems: [] })
})

test("a name, a logo and an accent are taken as they are", () => {
  const path = join(directory, "logo.svg")
  writeFileSync(path, "<svg/>")
  const { brand, problems } = read({
    AUTHCHEMY_SITE_NAME: "Acme",
    AUTHCHEMY_LOGO_FILE: path,
    AUTHCHEMY_ACCENT: "#AB1234",
  })
  expect(problems).toEqual([])
  expect(brand).toMatchObject({ name: "Acme", accent: "#ab1234", logo: { type: "image/svg+xml" } })
  expect(Buffer.from(brand.logo?.body ?? []).toString()).toBe("<svg/>")
})

test("every mistake is named with its variable, and what that accepts", () => {
  const large = join(directory, "large.png")
  writeFileSync(large, Buffer.alloc(65 * 1024))
  for (const [variable, value, rule] of [
    ["AUTHCHEMY_SITE_NAME", "x".repeat(65), /one line of at most 64/],
    ["AUTHCHEMY_ACCENT", "teal", /colour such as #0f766e, got "teal"/],
    ["AUTHCHEMY_LOGO_FILE", join(directory, "logo.exe"), /\.svg/],
    ["AUTHCHEMY_LOGO_FILE", join(directory, "none.png"), /ENOENT/],
    ["AUTHCHEMY_LOGO_FILE", large, /at most 64 KiB, and has 65 KiB/],
  ] as const) {
    const { problems } = read({ [variable]: value })
    expect(problems).toEqual([{ variable, message: expect.stringMatching(rule) }])
  }
})
