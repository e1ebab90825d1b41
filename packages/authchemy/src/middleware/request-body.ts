import { MAX_BODY_BYTES, WIRE_ERRORS } from "@authchemy/protocol"
import * as v from "valibot"
import { RequestRefused } from "./request-refused.ts"

/**
 * Reads a JSON body and narrows it with a schema.
 * @throws RequestRefused 415 (content type or encoding), 413 (over `MAX_BODY_BYTES`), 400 (malformed, or a field is wrong; the
 *   sentence names the field)
 */
export async function readJson<Schema extends v.GenericSchema>(
  request: Request,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  requireContentType(request, "application/json")
  return narrow(parseJson(await readText(request)), schema)
}

/** Parses JSON text. @throws RequestRefused 400 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "The body is not valid JSON.")
  }
}

/** Narrows a value with a schema. @throws RequestRefused 400, the sentence names the first field that is wrong */
export function narrow<Schema extends v.GenericSchema>(
  value: unknown,
  schema: Schema,
): v.InferOutput<Schema> {
  const refuse = (message: string) => new RequestRefused(400, WIRE_ERRORS.invalidRequest, message)
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse("The body must be a JSON object.")
  }
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const field = v.getDotPath(issue)
  if (field === null) throw refuse(`The body ${issue.message}.`)
  const missing = issue.received === "undefined"
  const rule = missing ? "is required" : issue.type === "object" ? "must be an object" : issue.message
  throw refuse(`${field}: ${rule}`)
}

/**
 * Reads a posted form (`application/x-www-form-urlencoded`). Every field stands at most once.
 * @throws RequestRefused 415, 413, or 400 (a field twice)
 */
export async function readForm(request: Request): Promise<ReadonlyMap<string, string>> {
  requireContentType(request, "application/x-www-form-urlencoded")
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(await readText(request))) {
    if (fields.has(name)) {
      throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "The form has a field twice.")
    }
    fields.set(name, value)
  }
  return fields
}

/**
 * Reads a body of at most `MAX_BODY_BYTES` as UTF-8. Nothing beyond the limit is kept, whatever the headers claim.
 * @throws RequestRefused 415 (a `Content-Encoding`), 413, or 400 (broken off, or not UTF-8)
 */
export async function readText(request: Request): Promise<string> {
  const encoding = request.headers.get("content-encoding")
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new RequestRefused(415, WIRE_ERRORS.unsupportedMediaType, "Content-Encoding must be left out.")
  }
  const declared = request.headers.get("content-length")
  if (declared !== null && Number(declared) > MAX_BODY_BYTES) throw tooLarge()
  const bytes = await (declared === null ? readBounded(request) : readDeclared(request))
  return decodeText(bytes)
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true })

/** Decodes the bytes of a body. @throws RequestRefused 400 where they are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes)
  } catch {
    throw new RequestRefused(400, WIRE_ERRORS.invalidRequest, "The body is not valid UTF-8.")
  }
}

/** Whether the request announces a body. */
export function hasBody(request: Request): boolean {
  const length = request.headers.get("content-length")
  return length === null ? request.headers.has("transfer-encoding") : length !== "0"
}

/** A body whose length is known: no HTTP server hands over more than was declared, and reading it at once saves the stream's cost. */
async function readDeclared(request: Request): Promise<Uint8Array> {
  const body = await request.arrayBuffer().catch(() => {
    throw brokenOff()
  })
  if (body.byteLength > MAX_BODY_BYTES) throw tooLarge()
  return new Uint8Array(body)
}

async function readBounded(request: Request): Promise<Uint8Array> {
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw brokenOff()
    })
    if (done) return Buffer.concat(chunks)
    size += value.byteLength
    if (size > MAX_BODY_BYTES) {
      await reader.cancel()
      throw tooLarge()
    }
    chunks.push(value)
  }
}

function brokenOff(): RequestRefused {
  return new RequestRefused(400, WIRE_ERRORS.invalidRequest, "The body broke off.")
}

function tooLarge(): RequestRefused {
  const sentence = `The body must be at most ${MAX_BODY_BYTES} bytes.`
  return new RequestRefused(413, WIRE_ERRORS.payloadTooLarge, sentence, { Connection: "close" })
}

/** @throws RequestRefused 415 */
export function requireContentType(request: Request, type: string): void {
  if (isOfType(request.headers.get("content-type"), type)) return
  throw new RequestRefused(415, WIRE_ERRORS.unsupportedMediaType, `Content-Type must be ${type}.`)
}

/** Whether a `Content-Type` names a type, whatever its parameters are. */
export function isOfType(contentType: string | null, type: string): boolean {
  return contentType === type || contentType?.split(";")[0]?.trim().toLowerCase() === type
}
