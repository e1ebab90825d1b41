import { DatabaseError } from "pg"
import { DatabaseUnavailableError } from "./database-error.ts"
import { resultCodeOf } from "./sqlite-error.ts"

/**
 * Cardinality violations, data exceptions, violated constraints, and more than the program can do, such as a value that is too long for its index.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const REFUSED_BY_POSTGRES = /^(21|22|23|54)/
/** TOOBIG, CONSTRAINT, MISMATCH, RANGE. https://www.sqlite.org/rescode.html */
const REFUSED_BY_SQLITE = new Set([18, 19, 20, 25])

/**
 * Why a statement will never be done, because of the values in it: a code or a name, which repeats none of them.
 * @returns `null`: the fault is not known to be theirs; done again, it may go well
 */
export function refusalOf(error: unknown): string | null {
  if (error instanceof DatabaseUnavailableError) return null
  if (error instanceof DatabaseError) {
    const { code = "" } = error
    return REFUSED_BY_POSTGRES.test(code) ? code : null
  }
  const code = resultCodeOf(error)
  if (code !== null) return REFUSED_BY_SQLITE.has(code) ? `SQLite ${code}` : null
  // What a driver says of a value that it cannot send.
  return error instanceof TypeError || error instanceof RangeError ? error.name : null
}
