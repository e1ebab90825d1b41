import { CLIError } from "../errors.ts"
import { isUnsent } from "./network-reason.ts"

/**
 * Lets the failure of a creation say that there may be something that nobody has heard of, wherever the server did not clearly say no. What is then
 * tried again unseen is made twice. Other errors come back as they are.
 * @param what is to be made, with its article in front, for example `The app`
 * @param list the command that shows what there is
 */
export function mayHaveBeenMade(what: string, list: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CLIError) || !isOpen(error)) throw error
    const { code, message, status } = error
    const hint = `${what} may have been made all the same: look with \`${list}\` before trying again.`
    throw new CLIError(code, message, { hint, status, retryable: false, cause: error })
  }
}

/** No answer to what was sent, an answer that cannot be read, or a fault of the server or of what stands before it. */
function isOpen({ code, status, cause }: CLIError): boolean {
  if (code === "NETWORK_ERROR") return !isUnsent(cause)
  return code === "ADMIN_API_ERROR" && (status === undefined || status < 300 || status >= 500)
}
