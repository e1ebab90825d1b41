/** An id as this server makes them, or the empty text, which is nobody's: so no id of a request reaches a database that would not take it as text. */
export function plainId(text: string | undefined): string {
  return text !== undefined && /^[\w-]{1,128}$/.test(text) ? text : ""
}
