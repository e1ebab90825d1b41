import * as v from "valibot"

const Seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** The `200` of `POST /oauth/introspect` for a token that is good (RFC 7662 §2.2), as far as a resource server needs it. `sid` is this server's addition: the session's id. */
export const ActiveToken = v.object({
  active: v.literal(true),
  scope: v.string(),
  client_id: v.pipe(v.string(), v.minLength(1)),
  sub: v.pipe(v.string(), v.minLength(1)),
  sid: v.pipe(v.string(), v.minLength(1)),
  /** Seconds since the epoch. */
  iat: Seconds,
  exp: Seconds,
  /** The JWK thumbprint of the key that the token is bound to (RFC 9449 §6.2). */
  cnf: v.exactOptional(v.object({ jkt: v.pipe(v.string(), v.minLength(1)) })),
})
export type ActiveToken = v.InferOutput<typeof ActiveToken>

const Introspection = v.variant("active", [v.object({ active: v.literal(false) }), ActiveToken])

/** The body of an answer; `null` where it is none that is known, which says nothing of the token. */
export function parseIntrospection(body: unknown): ActiveToken | { active: false } | null {
  const parsed = v.safeParse(Introspection, body)
  return parsed.success ? parsed.output : null
}
