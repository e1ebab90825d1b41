import { expect, test } from "vitest"
import { failure, testPatient } from "../testing.ts"
import { proxy } from "./proxy.ts"

const PROXY = { HTTPS_PROXY: "http://ada:s3cret@proxy.example:3128" }

test("none", async () => {
  expect(await (await testPatient()).look(proxy)).toMatchObject({ verdict: "ok", found: "none" })
})

test("one that takes a connection; user and password are not shown", async () => {
  const asked: unknown[] = []
  const connect = async (target: unknown) => void asked.push(target)
  const finding = await (await testPatient({ env: PROXY, probes: { connect } })).look(proxy)
  expect(finding).toMatchObject({ verdict: "ok", found: "http://proxy.example:3128 (HTTPS_PROXY)" })
  expect(asked).toEqual([{ host: "proxy.example", port: 3128 }])
  expect(JSON.stringify(finding)).not.toMatch(/ada|s3cret/)
})

test("one that does not", async () => {
  const connect = () => Promise.reject(failure("ECONNREFUSED"))
  expect(await (await testPatient({ env: PROXY, probes: { connect } })).look(proxy)).toMatchObject({
    verdict: "problem",
    found: "the proxy http://proxy.example:3128 could not be reached: the connection was refused",
    todo: expect.stringContaining("HTTPS_PROXY"),
  })
})

test("one that says nothing", async () => {
  const probes = {
    limit: () => AbortSignal.timeout(20),
    connect: () => new Promise<never>(() => {}),
  }
  expect(await (await testPatient({ env: PROXY, probes })).look(proxy)).toMatchObject({
    verdict: "problem",
    found: "the proxy http://proxy.example:3128 could not be reached: the connection timed out",
  })
})

test("offline it is named, and not spoken to", async () => {
  const connect = () => Promise.reject(new Error("spoken to"))
  const { look } = await testPatient({ env: PROXY, probes: { connect }, offline: true })
  expect(await look(proxy)).toMatchObject({ verdict: "ok" })
})

test("one that these servers do not need", async () => {
  const { look } = await testPatient({ env: { ...PROXY, NO_PROXY: "*" } })
  expect(await look(proxy)).toMatchObject({
    verdict: "ok",
    found: "HTTPS_PROXY set, but not for these servers",
  })
})

test("a variable that holds none is named, without what it holds", async () => {
  const { look } = await testPatient({ env: { HTTPS_PROXY: "socks5://s3cret@proxy" } })
  await expect(look(proxy)).rejects.toMatchObject({
    message: expect.stringMatching(/^HTTPS_PROXY(?!.*s3cret)/),
  })
})

test("ALL_PROXY is not heeded, and that is said", async () => {
  const { look } = await testPatient({ env: { ALL_PROXY: "socks5://proxy" } })
  expect(await look(proxy)).toMatchObject({ verdict: "note", found: expect.stringContaining("ALL_PROXY") })
})
