import type { WireErrorCode } from "@authchemy/protocol"

/** A request that is answered with a 4xx. Thrown by what reads requests, rendered in one place (`error-response.ts`). */
export class RequestRefused extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429
  readonly code: WireErrorCode
  readonly headers: Readonly<Record<string, string>>
  /** @param message one sentence for the person or the developer; never holds what was sent */
  constructor(
    status: RequestRefused["status"],
    code: WireErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = "RequestRefused"
    this.status = status
    this.code = code
    this.headers = headers
  }
}
