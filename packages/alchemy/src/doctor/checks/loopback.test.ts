import { expect, test } from "vitest"
import { systemProbes } from "../probes.ts"
import { failure, testPatient } from "../testing.ts"
import { localhost, loopback } from "./loopback.ts"

const without = (...missing: string[]) => ({
  listen: async (port: number, host: string) => {
    if (missing.includes(host)) throw failure("EADDRNOTAVAIL")
    return { port: port || 1, close: async () => {} }
  },
})

test("a real connection to this very machine", async () => {
  const { listen, connect } = systemProbes(process.platform)
  const { look } = await testPatient({ probes: { listen, connect } })
  expect((await look(loopback)).verdict).not.toBe("problem")
})

test("both, one, none", async () => {
  expect(await (await testPatient()).look(loopback)).toMatchObject({ verdict: "ok", found: "IPv4 and IPv6" })
  expect(await (await testPatient({ probes: without("::1") })).look(loopback)).toMatchObject({
    verdict: "note",
    found: "::1: this machine does not have it",
    todo: "Sign-in does with the other.",
  })
  expect(await (await testPatient({ probes: without("::1", "127.0.0.1") })).look(loopback)).toMatchObject({
    verdict: "problem",
    todo: expect.stringContaining("--device"),
  })
})

test("a firewall that swallows connections", async () => {
  const closed: number[] = []
  const { look } = await testPatient({
    probes: {
      limit: () => AbortSignal.timeout(20),
      connect: () => new Promise<never>(() => {}),
      listen: async (port) => ({
        port,
        close: async () => {
          closed.push(port)
        },
      }),
    },
  })
  expect(await look(loopback)).toMatchObject({
    verdict: "problem",
    found: "127.0.0.1: no connection comes about (no answer); ::1: no connection comes about (no answer)",
  })
  expect(closed.length).toBe(2)
})

test.each([
  [["127.0.0.1", "::1"], "ok", "it leads to 127.0.0.1 and ::1"],
  [["127.0.1.1"], "ok", "it leads to 127.0.1.1"],
  [["192.0.2.7", "127.0.0.1"], "problem", "it leads to 192.0.2.7"],
  [[], "problem", "the name has no address"],
])("localhost leads to %j", async (addresses, verdict, found) => {
  const { look } = await testPatient({ probes: { lookUp: async () => addresses } })
  expect(await look(localhost)).toMatchObject({ verdict, found })
})
