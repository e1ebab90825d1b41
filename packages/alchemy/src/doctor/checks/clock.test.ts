import { expect, test } from "vitest"
import { NOW } from "../../testing-server.ts"
import { NotLookedAt } from "../check.ts"
import { answering, failure, testPatient } from "../testing.ts"
import { clock } from "./clock.ts"

async function lookAt(date: number, platform: NodeJS.Platform = "linux") {
  const { look } = await testPatient({ context: { fetch: answering(200, "{}", { date }), platform } })
  return look(clock)
}

test("to within a minute they agree", async () => {
  expect(await lookAt(NOW)).toMatchObject({ verdict: "ok" })
  expect(await lookAt(NOW - 59_000)).toMatchObject({ verdict: "ok" })
})

test.each([
  [7, "this machine's clock is 7 minutes behind the server's"],
  [-7, "this machine's clock is 7 minutes ahead of the server's"],
])("%i minutes off, with how to set it", async (minutes, found) => {
  expect(await lookAt(NOW + minutes * 60_000)).toMatchObject({
    verdict: "problem",
    found,
    todo: expect.stringContaining("timedatectl"),
  })
  expect((await lookAt(NOW + minutes * 60_000, "win32")).todo).toContain("w32tm")
})

test("a server without a date says nothing, one that is down cannot", async () => {
  const silent = await testPatient({ context: { fetch: async () => new Response("{}") } })
  expect(await silent.look(clock)).toMatchObject({
    verdict: "ok",
    found: expect.stringContaining("not known"),
  })
  const down = await testPatient({ context: { fetch: () => Promise.reject(failure("ECONNREFUSED")) } })
  await expect(down.look(clock)).rejects.toThrow(NotLookedAt)
})
