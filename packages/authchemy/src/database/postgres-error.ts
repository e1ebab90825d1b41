import { DatabaseError } from "pg"
import { DatabaseUnavailableError } from "./database-error.ts"

/**
 * What says that the server, and not the statement, is at fault: connection exceptions, too few resources, shutting down, system errors; and a statement that
 * was cut off (57014), a lock that could not be had (55P03), a server that only reads, as after a failover (25006).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const OUT_OF_REACH = /^(08|53|57P|58)|^(57014|55P03|25006)$/

/** A connection could not be made: nothing is known, whatever the reason. */
export function connectionError(error: unknown): DatabaseUnavailableError {
  // Where a name has several addresses, the error is the sum of theirs and has no message of its own.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return new DatabaseUnavailableError(first ?? error)
}

/** What became of a statement: `DatabaseUnavailableError` where the server or the way to it is at fault, else the error as it is. */
export function statementError(error: unknown): unknown {
  return isOutOfReach(error) ? new DatabaseUnavailableError(error) : error
}

function isOutOfReach(error: unknown): boolean {
  if (error instanceof DatabaseError) return OUT_OF_REACH.test(error.code ?? "")
  // What `pg` says of a connection that was lost or silent is a plain Error; a value that cannot be sent is a TypeError or a RangeError.
  return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError)
}
