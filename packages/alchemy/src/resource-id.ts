import { CLIError } from "./errors.ts"
import { printable } from "./output/printable.ts"

/**
 * An id as an operand, safe as one segment of a path.
 * @param kind what it is the id of, for example `an app`
 * @param list the command that shows the ids
 * @throws CLIError `INVALID_ARGS`
 */
export function resourceId(operand: string | undefined, kind: string, list: string): string {
  if (operand !== undefined && /^[\w.~-]{1,128}$/.test(operand) && !/^\.+$/.test(operand)) return operand
  throw new CLIError(
    "INVALID_ARGS",
    `${printable(operand ?? "", 60) || "An empty text"} is not the id of ${kind}.`,
    { hint: `\`${list}\` shows the ids.` },
  )
}
