import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { testPatient } from "../testing.ts"
import { directoryFile, profile } from "./profile.ts"

test("a directory that names a profile", async () => {
  const { look, home } = await testPatient({ content: { profiles: { work: {} } } })
  expect(await look(directoryFile)).toMatchObject({ verdict: "ok", found: "none names a profile" })
  await writeFile(join(home, ".alchemy.json"), '{ "profile": "work" }')
  expect(await look(directoryFile)).toMatchObject({
    verdict: "ok",
    found: "~/.alchemy.json names the profile work",
  })
  expect(await look(profile)).toMatchObject({ verdict: "ok", found: "work (~/.alchemy.json), of 2" })
})

test("one that is no JSON is what is wrong", async () => {
  const { look, home } = await testPatient()
  await writeFile(join(home, ".alchemy.json"), "profile: work")
  await expect(look(directoryFile)).rejects.toMatchObject({ code: "INVALID_ARGS" })
})

test("what comes before the config file's profile is said", async () => {
  const content = { profile: "home", profiles: { home: {}, work: {} } }
  const { look } = await testPatient({ content, env: { ALCHEMY_PROFILE: "work" } })
  expect(await look(profile)).toMatchObject({
    verdict: "ok",
    found: "work (ALCHEMY_PROFILE), of 3, which comes before profile in the config file",
  })
})

test("a profile under which nothing is stored", async () => {
  const { look } = await testPatient({ content: {}, flags: { profile: "wrok" } })
  expect(await look(profile)).toMatchObject({
    verdict: "note",
    todo: expect.stringContaining("alchemy auth login --profile wrok"),
  })
})

test("a name that can be none names where it came from", async () => {
  const { look } = await testPatient({ content: {}, env: { ALCHEMY_PROFILE: "../x" } })
  await expect(look(profile)).rejects.toMatchObject({ message: expect.stringContaining("ALCHEMY_PROFILE") })
})
