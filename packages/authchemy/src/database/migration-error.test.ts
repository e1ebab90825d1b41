import { expect, test } from "vitest"
import { DatabaseNotUpToDateError, refuseUnlessUpToDate } from "./migration-error.ts"

const state = { pending: [], unknown: [], isNew: false }

test.each([
  [
    "one pending",
    { pending: ["004-audit-log"] },
    "The database is not up to date: 004-audit-log is still to be applied. Run: authchemy migrate",
  ],
  [
    "several pending",
    { pending: ["table passkey", "column user.x", "004-audit-log"] },
    "The database is not up to date: table passkey, column user.x and 004-audit-log are still to be applied. Run: authchemy migrate",
  ],
  [
    "nothing there",
    { pending: ["table user", "001-a"], isNew: true },
    "The database is not set up yet. Run: authchemy migrate",
  ],
  [
    "of another version",
    { pending: ["004-a", "005-b"], unknown: ["004-c"] },
    "The database belongs to another version: it has 004-c, which this version does not know, and lacks 004-a and 005-b. Nothing was changed. Run the version that the database belongs to.",
  ],
])("%s is refused in a sentence", (_what, change, message) => {
  expect(() => refuseUnlessUpToDate({ ...state, ...change })).toThrow(new DatabaseNotUpToDateError(message))
})

test("one that is up to date passes, and one that is newer", () => {
  refuseUnlessUpToDate(state)
  refuseUnlessUpToDate({ ...state, unknown: ["999-later"] })
})
