import { expect, test } from "vitest"
import { samplerFrom } from "./sampler.ts"

const named = (OTEL_TRACES_SAMPLER?: string, OTEL_TRACES_SAMPLER_ARG?: string) =>
  samplerFrom({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }).toString()

test.each([
  [undefined, undefined, /^ParentBased\{root=AlwaysOnSampler/],
  ["nonsense", undefined, /^ParentBased\{root=AlwaysOnSampler/],
  ["always_on", undefined, /^AlwaysOnSampler$/],
  ["always_off", undefined, /^AlwaysOffSampler$/],
  ["traceidratio", "0.25", /^TraceIdRatioBased\{0\.25\}$/],
  ["traceidratio", "2", /^TraceIdRatioBased\{1\}$/],
  ["parentbased_always_on", undefined, /^ParentBased\{root=AlwaysOnSampler/],
  ["parentbased_always_off", undefined, /^ParentBased\{root=AlwaysOffSampler/],
  ["parentbased_traceidratio", "0", /^ParentBased\{root=TraceIdRatioBased\{0\}/],
])("%s %s", (name, argument, expected) => {
  expect(named(name, argument)).toMatch(expected)
})
