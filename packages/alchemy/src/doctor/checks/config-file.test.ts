import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { NotLookedAt } from "../check.ts"
import { testPatient } from "../testing.ts"
import { configFile } from "./config-file.ts"

test("none yet is fine, and looking makes none", async () => {
  const { look, home } = await testPatient()
  expect(await look(configFile)).toMatchObject({
    verdict: "ok",
    found: "there is none yet; the first sign-in makes it",
  })
  expect(await readdir(home)).toEqual([])
})

test("one that is as it should be", async () => {
  const { look } = await testPatient({ content: { network: "eth-mainnet" } })
  expect(await look(configFile)).toMatchObject({ verdict: "ok", found: "it is there, mode 0600" })
})

test("an empty one, and one with a byte order mark, can be read", async () => {
  for (const content of ["", " \n", "\uFEFF{}"]) {
    const { look } = await testPatient({ content })
    expect(await look(configFile)).toMatchObject({ verdict: "ok" })
  }
})

test("a mode that lets others read is mended as every command does, and said", async () => {
  const { look, configPath } = await testPatient({ content: {}, mode: 0o644 })
  expect(await look(configFile)).toMatchObject({
    verdict: "note",
    found: "it had the mode 0644, so that other people could read it",
    fixed: "its mode is 0600 now",
    todo: expect.stringContaining("alchemy auth login --force"),
  })
  expect((await stat(configPath)).mode & 0o777).toBe(0o600)
  expect(await look(configFile)).toMatchObject({ verdict: "ok" })
})

test("the mode of the file behind a symbolic link counts", async () => {
  const { look, home, configPath } = await testPatient()
  const real = join(home, "dotfiles.json")
  await writeFile(real, "{}", { mode: 0o640 })
  await symlink(real, configPath)
  expect(await look(configFile)).toMatchObject({ verdict: "note" })
  expect((await stat(real)).mode & 0o777).toBe(0o600)
})

test.each([["{"], ["[]"], ["null"], ["\u0000\u0001"]])(
  "one that holds %j is left as it is",
  async (content) => {
    const { look, patient, configPath, home } = await testPatient({ content })
    const finding = await look(configFile)
    expect(finding).toMatchObject({ verdict: "problem", found: "it does not hold a JSON object" })
    await expect(patient.config()).rejects.toThrow(NotLookedAt)
    expect(await readFile(configPath, "utf8")).toBe(content)
    expect(await readdir(home)).toEqual(["config.json"])
  },
)

test("mending puts it aside", async () => {
  const { mend, patient, home, warnings } = await testPatient({ content: "{" })
  const { said, after } = await mend(configFile)
  expect(said).toBe("it was put aside under another name")
  expect(after).toMatchObject({ verdict: "ok" })
  expect(await readdir(home)).toEqual([expect.stringMatching(/^config\.json\.broken-/)])
  expect(warnings).toEqual([expect.stringContaining("config.json.broken-")])
  expect(await (await patient.config()).values()).toEqual({})
})

test("somebody else's file", async () => {
  const { look } = await testPatient({ content: {}, probes: { userId: 4711 } })
  expect(await look(configFile)).toMatchObject({
    verdict: "problem",
    found: expect.stringMatching(/^it belongs to the user \d+, and this runs as 4711$/),
  })
})

test("no file at all", async () => {
  const { look, configPath } = await testPatient()
  await mkdir(configPath)
  expect(await look(configFile)).toMatchObject({ verdict: "problem", found: "it is not a file" })
})

test("a directory that is none", async () => {
  const { home } = await testPatient({ content: {} })
  const { look } = await testPatient({ env: { ALCHEMY_CONFIG: join(home, "config.json", "config.json") } })
  expect(await look(configFile)).toMatchObject({
    verdict: "problem",
    found: expect.stringContaining("is not a directory, so nothing can be stored"),
  })
})

test("a directory in which others may replace files is noted, one like /tmp is not", async () => {
  const { look, home } = await testPatient({ content: {} })
  await chmod(home, 0o777)
  expect(await look(configFile)).toMatchObject({
    verdict: "note",
    found: expect.stringContaining("other people may replace the files"),
  })
  await chmod(home, 0o1777)
  expect(await look(configFile)).toMatchObject({ verdict: "ok" })
})

test("without a home there is no path, and the error says what to set", async () => {
  const { look } = await testPatient({ env: { ALCHEMY_CONFIG: "" }, context: { homeDirectory: "" } })
  await expect(look(configFile)).rejects.toMatchObject({ code: "CREDENTIAL_STORE_ERROR" })
})

test("what the store itself refuses is a problem here: too large", async () => {
  const { look } = await testPatient({ content: { big: "x".repeat(1024 * 1024) } })
  expect(await look(configFile)).toMatchObject({
    verdict: "problem",
    found: expect.stringContaining("could not be read"),
    todo: expect.any(String),
  })
})
