/** A DPoP proof was refused. `code` is the code on the wire, the message is its `error_description` (RFC 9449 §5, §8). */
export class DpopError extends Error {
  readonly code: "invalid_dpop_proof" | "use_dpop_nonce"
  constructor(code: DpopError["code"], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "DpopError"
    this.code = code
  }
}
