import { ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { expect, test } from "vitest"
import { callersContext } from "./trace-context.ts"

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const SPAN = "00f067aa0ba902b7"
const contextOf = (traceparent: string, tracestate?: string) =>
  callersContext(new Headers({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) }))

test("a caller's span is taken over, with what it says of sampling and its state", () => {
  const span = trace.getSpanContext(contextOf(`00-${TRACE}-${SPAN}-01`, "vendor=value"))
  expect(span).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true })
  expect(span?.traceState?.get("vendor")).toBe("value")
  expect(trace.getSpanContext(contextOf(`00-${TRACE}-${SPAN}-00`))?.traceFlags).toBe(0)
})

test("a later version may say more", () => {
  expect(trace.getSpanContext(contextOf(`cc-${TRACE}-${SPAN}-01-more`))?.traceId).toBe(TRACE)
})

test.each([
  "",
  "nonsense",
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE}-${SPAN}`,
])("%j is no caller's span", (traceparent) => {
  expect(contextOf(traceparent)).toBe(ROOT_CONTEXT)
})
