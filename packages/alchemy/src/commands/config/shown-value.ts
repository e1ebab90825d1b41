import type { ConfigKey } from "../../config/schema.ts"
import { maskSecret } from "../../output/mask.ts"

/** A key's value as it may be shown; `undefined` where it is not set or not of a type that a key can have. */
export function shownValue(
  key: ConfigKey,
  values: Readonly<Record<string, unknown>>,
  reveal: boolean,
): string | boolean | undefined {
  const value = values[key.name]
  if (typeof value === "boolean") return value
  if (typeof value !== "string" || value === "") return undefined
  return key.secret && !reveal ? maskSecret(value) : value
}
