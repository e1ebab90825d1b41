import { SCOPES } from "@authchemy/protocol"
import { expect, test } from "vitest"
import { SCOPE_WORDS, scopeList } from "./scopes.ts"

test("each scope has a line of its own, in words and in the order given", () => {
  const shown = String(scopeList(SCOPES))
  const lines = [...shown.matchAll(/<li>([^<]*)<\/li>/g)].map(([, line]) => line)
  expect(lines).toEqual([
    "See your name and email address",
    "See your apps, their keys included",
    "Create, change and delete apps",
    "See and end your sessions, and see what happened in your account",
    "Create and delete access keys",
    "Stay signed in without asking again, for up to 90 days",
  ])
  expect(shown).toContain("If you approve, it can:")
})

test("what is not asked for is not listed", () => {
  const shown = String(scopeList(["apps:read"]))
  expect(shown.match(/<li>/g)).toHaveLength(1)
  expect(shown).toContain(SCOPE_WORDS["apps:read"])
})
