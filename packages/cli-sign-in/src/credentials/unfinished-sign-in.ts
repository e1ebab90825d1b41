/**
 * A sign-in whose token may be on its way: noted before it is asked for, and erased in the step that stores it. Whoever
 * finds one whose process is gone can end the session that may be left. Times are UTC, ISO 8601 with milliseconds.
 */
export type UnfinishedSignIn = {
  id: string
  /** The auth URL, without a trailing slash. */
  server: string
  since: string
  /** The PKCE code verifier (RFC 7636 §4.1). */
  codeVerifier: string
  /** It is too late to find out whether a session is left, or to end it from here. */
  lost?: true
} & (
  | { kind: "code"; code: string; redirectUri: string }
  | {
      kind: "device"
      deviceCode: string
      /** When the code expires. */
      expiresAt: string
      intervalMs: number
      /** Its token has been asked for, and what was answered is not known. */
      asked?: true
      /** Somebody has been told how to finish it: it is left alone until it has expired. */
      handedOut?: { profile: string; userCode: string; expiresInSeconds?: number }
    }
)

/** What is of this form in a list from a file. */
export function unfinishedSignInsIn(list: readonly unknown[]): UnfinishedSignIn[] {
  return list.filter(isUnfinishedSignIn)
}

function isUnfinishedSignIn(entry: unknown): entry is UnfinishedSignIn {
  if (!isRecord(entry) || !hasTexts(entry, ["id", "server", "since", "codeVerifier"])) return false
  if (entry.kind === "code") return hasTexts(entry, ["code", "redirectUri"])
  if (entry.kind !== "device" || !hasTexts(entry, ["deviceCode", "expiresAt"])) return false
  const { intervalMs, handedOut } = entry
  const interval = typeof intervalMs === "number" && intervalMs >= 0
  return interval && (handedOut === undefined || isHandedOut(handedOut))
}

function isHandedOut(value: unknown): boolean {
  if (!isRecord(value) || !hasTexts(value, ["profile", "userCode"])) return false
  return value.expiresInSeconds === undefined || typeof value.expiresInSeconds === "number"
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function hasTexts(value: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === "string" && value[name] !== "")
}
