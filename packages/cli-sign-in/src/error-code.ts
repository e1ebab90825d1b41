/** The `code` of a system error, for example `ENOENT`; empty where there is none. */
export function errorCodeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : ""
}
