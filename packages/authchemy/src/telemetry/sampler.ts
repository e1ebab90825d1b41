import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace"

/**
 * The sampler that the environment names (OpenTelemetry specification, "General SDK Configuration"): `OTEL_TRACES_SAMPLER`, and its
 * `OTEL_TRACES_SAMPLER_ARG`, a ratio from 0 to 1. What is not understood counts as unset: `parentbased_always_on`, a ratio of 1.
 */
export function samplerFrom(env: Readonly<Record<string, string | undefined>>): Sampler {
  const name = env.OTEL_TRACES_SAMPLER?.trim().toLowerCase() ?? ""
  const root = rootSampler(name.replace(/^parentbased_/, ""), env.OTEL_TRACES_SAMPLER_ARG)
  if (root === null) return new ParentBasedSampler({ root: new AlwaysOnSampler() })
  return name.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root
}

function rootSampler(name: string, argument: string | undefined): Sampler | null {
  if (name === "always_on") return new AlwaysOnSampler()
  if (name === "always_off") return new AlwaysOffSampler()
  if (name === "traceidratio") return new TraceIdRatioBasedSampler(ratioOf(argument))
  return null
}

function ratioOf(text: string | undefined): number {
  const ratio = text === undefined || text.trim() === "" ? 1 : Number(text)
  return ratio >= 0 && ratio <= 1 ? ratio : 1
}
