import dns from "node:dns"
import { expect, test, vi } from "vitest"
import { fetchOver } from "./fetch-over.ts"
import { networkFetch } from "./network-fetch.ts"
import { startServer } from "./testing.ts"

const ADDRESSES = {
  "127.0.0.1": { address: "127.0.0.1", family: 4 },
  "::1": { address: "::1", family: 6 },
} as const

/** Names that resolve to just these addresses, in this order. */
function resolving(...addresses: (keyof typeof ADDRESSES)[]) {
  const all = addresses.map((address) => ADDRESSES[address])
  const lookup = (_host: string, options: dns.LookupOptions, answer: (...args: unknown[]) => void) => {
    const of = options.family ? all.filter(({ family }) => family === options.family) : all
    setImmediate(() => (options.all ? answer(null, of) : answer(null, of[0]?.address, of[0]?.family)))
  }
  return vi.spyOn(dns, "lookup").mockImplementation(lookup as unknown as typeof dns.lookup)
}

const ways: [string, typeof fetch][] = [
  ["the runtime's fetch", networkFetch({})],
  ["a route of our own", (input, init) => fetchOver({ addressTimeoutMs: 4_000 }, input, init)],
]

test.each(ways)("%s: an address of either family", async (_, send) => {
  for (const host of ["127.0.0.1", "::1"]) {
    const { port } = await startServer((request, response) => response.end(request.headers.host), { host })
    const authority = host === "::1" ? `[::1]:${port}` : `127.0.0.1:${port}`
    expect(await (await send(`http://${authority}/`)).text()).toBe(authority)
  }
})

test.each(
  ways.flatMap(([way, send]) => [
    { way, send, host: "::1", addresses: ["::1"] as const },
    { way, send, host: "127.0.0.1", addresses: ["127.0.0.1"] as const },
    { way, send, host: "127.0.0.1", addresses: ["::1", "127.0.0.1"] as const },
    { way, send, host: "::1", addresses: ["127.0.0.1", "::1"] as const },
  ]),
)("$way: a server on $host, and a name with $addresses", async ({ send, host, addresses }) => {
  const { port } = await startServer((_request, response) => response.end("here"), { host })
  const lookup = resolving(...addresses)
  for (const name of ["localhost", "auth.example.com"]) {
    expect(await (await send(`http://${name}:${port}/`)).text()).toBe("here")
  }
  expect(lookup).toHaveBeenCalled()
  lookup.mockRestore()
})

test("a name with addresses that nobody listens at: the code of the first says why", async () => {
  const { port, server } = await startServer((_request, response) => response.end())
  await new Promise((resolve) => server.close(resolve))
  const lookup = resolving("::1", "127.0.0.1")
  const error = await networkFetch({})(`http://auth.example.com:${port}/`).catch((caught) => caught)
  lookup.mockRestore()
  expect(error.cause).toMatchObject({ code: "ECONNREFUSED" })
})
