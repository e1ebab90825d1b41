import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { json as jsonOf } from "node:stream/consumers"
import { mintToken } from "@authchemy/tokens"
import { beforeEach, expect, onTestFinished, test, vi } from "vitest"
import { parseConfig } from "../config.ts"
import { createLogger } from "../logging.ts"
import { startServer } from "../serve.ts"
import { startTracing } from "./tracing.ts"

type Attribute = { key: string; value: { stringValue?: string; intValue?: number } }
type Span = {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes: Attribute[]
  status: { code: number }
}
type Export = {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Span[] }[] }[]
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const CALLER = "00f067aa0ba902b7"
const TOKEN = mintToken("at", "somebody", randomBytes)

/** A collector that takes traces over OTLP/HTTP, as JSON. */
async function startCollector(status = 200) {
  const exports: Export[] = []
  const server: Server = createServer(async (request, response) => {
    exports.push((await jsonOf(request)) as Export)
    response.writeHead(status, { "content-type": "application/json" }).end("{}")
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === "object" ? address?.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    exports,
    spans: () =>
      exports.flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
  }
}

/** A server whose environment has these variables. */
async function startTraced(variables: Record<string, string>) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const directory = await mkdtemp(join(tmpdir(), "authchemy-traces-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const log: string[] = []
  const server = await startServer(
    parseConfig({ AUTHCHEMY_PORT: "0", AUTHCHEMY_DATA_DIR: directory }),
    createLogger({ write: (line) => void log.push(line) }),
  )
  return { ...server, log }
}

const attributesOf = ({ attributes }: { attributes: Attribute[] }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))

beforeEach(() => () => vi.unstubAllEnvs())

test("S53 requests and what the store is asked for them are spans under the caller's, without a secret in them", async () => {
  const collector = await startCollector()
  const server = await startTraced({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
  })
  const traceparent = `00-${TRACE}-${CALLER}-01`
  const authorization = `Bearer ${TOKEN}`
  const logout = await fetch(`${server.issuer}/api/cli/logout`, {
    method: "POST",
    headers: { authorization, traceparent },
  })
  expect(logout.status).toBe(401)
  await fetch(`${server.issuer}/secret-path-4711?code=secret-query-4711`, {
    headers: { "x-a": "secret-header" },
  })
  await server.stop()

  const spans = collector.spans()
  const request = spans.find(({ name }) => name === "POST /api/cli/logout")
  expect(request).toMatchObject({ kind: 2, traceId: TRACE, parentSpanId: CALLER })
  expect(attributesOf(request ?? { attributes: [] })).toEqual({
    "http.request.method": "POST",
    "http.route": "/api/cli/logout",
    "http.response.status_code": 401,
  })
  const revocation = spans.find(({ name }) => name === "tokens.revoke")
  expect(revocation).toMatchObject({ traceId: TRACE, parentSpanId: request?.spanId, attributes: [] })
  expect(spans.find(({ name }) => name === "GET /*")).toMatchObject({ kind: 2 })
  const told = JSON.stringify(collector.exports)
  expect(told).not.toContain(TOKEN.slice(-49))
  expect(told).not.toMatch(/4711|secret-header/)
  const [first] = collector.exports[0]?.resourceSpans ?? []
  expect(attributesOf(first?.resource ?? { attributes: [] })).toMatchObject({
    "service.name": "authchemy",
    "deployment.environment.name": "test",
  })
})

test("the service's name and the sampler are taken from the environment", async () => {
  const collector = await startCollector()
  const server = await startTraced({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    OTEL_SERVICE_NAME: "sign-in",
    OTEL_TRACES_SAMPLER: "parentbased_always_off",
  })
  await fetch(`${server.issuer}/healthz`)
  await fetch(`${server.issuer}/healthz`, { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } })
  await server.stop()
  expect(collector.spans().map(({ traceId }) => traceId)).toEqual([TRACE])
  const [first] = collector.exports[0]?.resourceSpans ?? []
  expect(attributesOf(first?.resource ?? { attributes: [] })["service.name"]).toBe("sign-in")
})

test("a collector that refuses is logged once, and no request hears of it", async () => {
  const collector = await startCollector(400)
  const server = await startTraced({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "1",
  })
  for (let count = 1; count <= 2; count++) {
    expect((await fetch(`${server.issuer}/healthz`)).status).toBe(200)
    await vi.waitFor(() => expect(collector.exports).toHaveLength(count))
  }
  await server.stop()
  expect(server.log.filter((line) => line.includes("traces could not be sent"))).toHaveLength(1)
})

test.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: " " },
  { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SDK_DISABLED: "true" },
  { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_EXPORTER: "none" },
])("with %j there are no traces", async (env) => {
  expect(await startTracing(env, createLogger({ write: () => {} }))).toBeNull()
})
