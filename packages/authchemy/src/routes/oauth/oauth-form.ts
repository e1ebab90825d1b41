import { WIRE_ERRORS } from "@authchemy/protocol"
import { readText, requireContentType } from "../../middleware/request-body.ts"
import { RequestRefused } from "../../middleware/request-refused.ts"
import { invalidRequest, type Parameters, readParameters } from "../parameters.ts"
import { refuseCredentialsInQuery } from "../query-credentials.ts"

/** A posted form of an OAuth endpoint. */
export type OAuthForm = {
  readonly parameters: Parameters
  /** A field's value; `undefined` where it is missing or empty (RFC 6749 §3.2: one without a value counts as left out). */
  get(name: string): string | undefined
  /** As `get`. @throws RequestRefused 400 `invalid_request` where it is missing */
  require(name: string): string
}

/**
 * Reads the form of an OAuth endpoint (RFC 6749 §3.2): `application/x-www-form-urlencoded`, at most 16 KiB, no field twice, nothing of it in the query.
 * @throws RequestRefused with `invalid_request`, whatever is wrong: the RFCs know no other code for it
 */
export async function readOAuthForm(request: Request): Promise<OAuthForm> {
  refuseCredentialsInQuery(request.url)
  return parseOAuthForm(await readFormText(request))
}

/** The form of a body's text. @throws RequestRefused 400 `invalid_request` where a field stands twice */
export function parseOAuthForm(text: string): OAuthForm {
  const parameters = readParameters(text)
  const [twice] = parameters.twice
  if (twice !== undefined) throw invalidRequest(`${shown(twice)} is there twice.`)
  const get = (name: string) => parameters.given.get(name)?.value || undefined
  return {
    parameters,
    get,
    require: (name) => {
      const value = get(name)
      if (value === undefined) throw invalidRequest(`${name} is missing.`)
      return value
    },
  }
}

/** The type of a form's body. */
export const FORM_TYPE = "application/x-www-form-urlencoded"

async function readFormText(request: Request): Promise<string> {
  try {
    requireContentType(request, FORM_TYPE)
    return await readText(request)
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error
    const status = error.status === 415 ? 400 : error.status
    throw new RequestRefused(status, WIRE_ERRORS.invalidRequest, error.message, error.headers)
  }
}

/** The name of a parameter, where it can be repeated in an answer. */
function shown(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : "A parameter"
}
