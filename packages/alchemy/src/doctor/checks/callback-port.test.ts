import { expect, test } from "vitest"
import { failure, testPatient } from "../testing.ts"
import { callbackPort } from "./callback-port.ts"

const RANGES = "     16400       16499\n"
const failing = (code: string, where = "127.0.0.1") => ({
  listen: async (port: number, host: string) => {
    if (host === where) throw failure(code)
    return { port, close: async () => {} }
  },
})

test("free", async () => {
  const { look } = await testPatient()
  expect(await look(callbackPort)).toMatchObject({ verdict: "ok", found: "16424 is free" })
})

test.each(["127.0.0.1", "::1"])("taken on %s, by whom", async (host) => {
  const holderOf = async (port: number) => (port === 16_424 ? { pid: 42, name: "node\u001b[31m" } : null)
  const { look } = await testPatient({ probes: { ...failing("EADDRINUSE", host), holderOf } })
  expect(await look(callbackPort)).toMatchObject({
    verdict: "note",
    found: `16424 is taken on ${host} by node [31m (process 42)`,
    todo: expect.stringContaining("Sign-in takes another port by itself."),
  })
})

test("taken, and nobody tells by whom", async () => {
  const { look } = await testPatient({ probes: failing("EADDRINUSE") })
  expect((await look(callbackPort)).found).toBe("16424 is taken on 127.0.0.1 by another program")
})

test("kept by Windows, with the range", async () => {
  const asked: string[] = []
  const run = async (command: string, args: readonly string[]) => {
    asked.push([command, ...args].join(" "))
    return RANGES
  }
  const probes = { ...failing("EACCES"), run }
  const { look } = await testPatient({ probes, context: { platform: "win32" } })
  expect(await look(callbackPort)).toMatchObject({
    verdict: "note",
    found: "the system keeps the ports 16400 to 16499 for itself, and 16424 with them",
  })
  expect(asked).toEqual(["netsh int ipv4 show excludedportrange protocol=tcp"])
})

test("kept by a system that does not say why", async () => {
  const { look } = await testPatient({ probes: failing("EACCES") })
  expect((await look(callbackPort)).found).toBe("the system does not give 16424 away")
})

test("an address that the machine does not have is another check's business", async () => {
  const { look } = await testPatient({ probes: failing("EADDRNOTAVAIL", "::1") })
  expect(await look(callbackPort)).toMatchObject({ verdict: "ok" })
})
