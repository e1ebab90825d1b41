import { WIRE_ERRORS } from "@authchemy/protocol"
import { RequestRefused } from "../middleware/request-refused.ts"

/**
 * The parameters of a query, each at most once; unknown ones are ignored.
 * @throws RequestRefused 400, naming the parameter
 */
export function readQuery<Name extends string>(
  url: string,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const { searchParams } = new URL(url)
  const values: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const [value, second] = searchParams.getAll(name)
    if (second !== undefined) throw refusedField(name, "must be there once")
    if (value !== undefined) values[name] = value
  }
  return values
}

/** A 400 that names a field and what it accepts. */
export function refusedField(field: string, rule: string): RequestRefused {
  return new RequestRefused(400, WIRE_ERRORS.invalidRequest, `${field}: ${rule}`)
}

/** A 404 for what is not there, and for what is another account's: the two are not told apart. */
export function notFound(what: string): RequestRefused {
  return new RequestRefused(404, WIRE_ERRORS.notFound, `There is no such ${what}.`)
}
