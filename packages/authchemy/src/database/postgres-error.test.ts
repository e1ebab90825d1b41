import { DatabaseError } from "pg"
import { describe, expect, test } from "vitest"
import { DatabaseUnavailableError } from "./database-error.ts"
import { connectionError, statementError } from "./postgres-error.ts"

function told(code: string): DatabaseError {
  return Object.assign(new DatabaseError("told by the server", 0, "error"), { code })
}

describe("a statement's error", () => {
  test.each([
    ["connection failure", told("08006")],
    ["too many connections", told("53300")],
    ["disk full", told("53100")],
    ["shutting down", told("57P01")],
    ["starting up", told("57P03")],
    ["cut off", told("57014")],
    ["a lock that was not had", told("55P03")],
    ["a server that only reads", told("25006")],
    ["an I/O error", told("58030")],
    ["a lost connection", new Error("Connection terminated unexpectedly")],
    ["a silent connection", new Error("Query read timeout")],
  ])("%s: nothing is known", (_what, error) => {
    expect(statementError(error)).toBeInstanceOf(DatabaseUnavailableError)
    expect(statementError(error)).toMatchObject({ code: "store_unavailable", cause: error })
  })

  test.each([
    ["a unique violation", told("23505")],
    ["a syntax error", told("42601")],
    ["no permission", told("42501")],
    ["a value that cannot be sent", new TypeError("not a value")],
    ["what is no error", "text"],
  ])("%s passes as it is", (_what, error) => {
    expect(statementError(error)).toBe(error)
  })
})

test("of a name with several addresses, the first one's failure is told", () => {
  const refused = new Error("connect ECONNREFUSED ::1:5432")
  const error = connectionError(
    new AggregateError([refused, new Error("connect ECONNREFUSED 127.0.0.1:5432")]),
  )
  expect(error).toMatchObject({ message: "the database is out of reach", cause: refused })
})
