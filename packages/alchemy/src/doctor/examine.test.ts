import { writeFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { signedInConfig } from "../testing.ts"
import { newToken } from "../testing-server.ts"
import { examine } from "./examine.ts"
import { failure, type PatientOptions, testPatient } from "./testing.ts"

async function examined(options: PatientOptions, fix = false) {
  const { patient, ...more } = await testPatient(options)
  const reports = await examine(patient, { fix })
  const of = (id: string) => reports.find((report) => report.id === id)
  return { reports, of, patient, ...more }
}

test("every check has an id and a title of its own", async () => {
  const { reports } = await examined({ content: {} })
  expect(new Set(reports.map(({ id }) => id)).size).toBe(reports.length)
  expect(new Set(reports.map(({ title }) => title)).size).toBe(reports.length)
  expect(reports.length).toBe(20)
})

test("on a machine where nothing is wrong, nothing is a problem", async () => {
  const { reports } = await examined({ content: {} })
  expect(reports.filter(({ verdict }) => verdict === "problem")).toEqual([])
})

test("offline neither server is asked", async () => {
  const fetch = () => Promise.reject(new Error("asked"))
  const { reports } = await examined({ content: signedInConfig(null), offline: true, context: { fetch } })
  expect(reports.map(({ id }) => id)).not.toContain("auth-server")
  expect(reports.filter(({ verdict }) => verdict === "problem")).toEqual([])
})

test("a config file that cannot be parsed is said once; other checks pass over it", async () => {
  const { reports, of } = await examined({ content: "{" })
  expect(reports.filter(({ verdict }) => verdict === "problem").map(({ id }) => id)).toEqual(["config-file"])
  expect(of("sign-in")).toMatchObject({
    verdict: "note",
    found: "not looked at: the config file does not hold a JSON object",
  })
  expect(of("settings")).toMatchObject({ verdict: "ok" })
})

test("with `--fix` it is put aside first, and then all are looked at", async () => {
  const { of } = await examined({ content: "{" }, true)
  expect(of("config-file")).toMatchObject({ verdict: "ok", fixed: "it was put aside under another name" })
  expect(of("sign-in")).toMatchObject({ found: "not signed in" })
})

test("a wrong setting is said once", async () => {
  const { reports, of } = await examined({ env: { ALCHEMY_AUTH_URL: "nonsense" } })
  expect(reports.filter(({ verdict }) => verdict === "problem").map(({ id }) => id)).toEqual(["settings"])
  expect(of("settings")).toMatchObject({ todo: expect.stringContaining("https://auth.example.com") })
  expect(of("auth-server")).toMatchObject({ found: "not looked at: a setting is wrong" })
})

test("what fails unexpectedly is a problem of that check, and of no other", async () => {
  const canOpenBrowser = () => Promise.reject(failure("EMFILE"))
  const { reports, of } = await examined({ content: {}, context: { canOpenBrowser } })
  expect(of("browser")).toMatchObject({
    verdict: "problem",
    found: "it could not be looked at (EMFILE)",
  })
  expect(reports.filter(({ verdict }) => verdict === "problem").length).toBe(1)
})

test("what never ends is given up, and the others stand", async () => {
  const limits: number[] = []
  const { reports, of } = await examined({
    content: {},
    context: { canOpenBrowser: () => new Promise<never>(() => {}) },
    probes: {
      limit: (milliseconds) => {
        limits.push(milliseconds)
        return AbortSignal.timeout(500)
      },
    },
  })
  expect(of("browser")).toMatchObject({ verdict: "problem", found: "not done within 4.2 s" })
  expect(reports.length).toBe(20)
  // With the start of the process, less than five seconds in all.
  expect(Math.max(...limits)).toBeLessThanOrEqual(4200)
})

test("what could not be mended says why", async () => {
  const config = () => Promise.reject(failure("EROFS"))
  const { patient, configPath } = await testPatient({ content: {}, context: { config } })
  await writeFile(`${configPath}.tmp-999999999-0a1b2c3d`, "{")
  const reports = await examine(patient, { fix: true })
  const leftovers = reports.find(({ id }) => id === "config-leftovers")
  expect(leftovers).toMatchObject({ verdict: "problem", todo: "It could not be mended: EROFS" })
  expect(leftovers).not.toHaveProperty("fixed")
})

test("S57 nothing secret and nothing that a terminal acts on is in a report", async () => {
  const [token, stored] = [newToken(), newToken()]
  const { reports } = await examined({
    content: {
      ...signedInConfig("https://auth.example.com/\u001b[31m", stored),
      "access-key": "sekret-access-key-1",
      auth_token_account: { id: "1", email: "ada\u001b[2J@example.com", name: "Ada" },
    },
    env: {
      ALCHEMY_AUTH_TOKEN: token,
      ALCHEMY_ACCESS_KEY: "sekret-access-key-2",
      HTTPS_PROXY: "http://ada:sekret-password@proxy.example",
      NODE_EXTRA_CA_CERTS: "/no\u001b[31mwhere",
      BROWSER: "fire\u001b]0;fox",
      "ALCHEMY_AUTH_TOKE\u001b": "x",
    },
    context: {
      fetch: () => Promise.reject(failure("ECONNREFUSED")),
      // What a check passes on as it is.
      osName: `Linux\u001b[31m ${token} sekret-access-key-2`,
    },
  })
  const all = JSON.stringify(reports)
  expect(all).not.toContain(token)
  expect(all).not.toContain(stored)
  expect(all).not.toContain("sekret")
  expect(all).not.toMatch(/\\u001b|\u001b/)
})
