import { expect, test } from "vitest"
import { newSession } from "./sessions.ts"

const idFrom = (first: number) =>
  newSession({ now: () => 0, randomBytes: (size) => new Uint8Array(size).fill(first) }, 0, {
    accountId: "ada",
    clientId: "alchemy",
    scopes: ["apps:read"],
    device: {},
    expiresInSeconds: 60,
    keyThumbprint: null,
  }).issued.session.id

test("a session's id begins with a letter, whatever the random bytes: no command takes it for a flag", () => {
  const ids = Array.from({ length: 256 }, (_, first) => idFrom(first))
  expect(ids.filter((id) => !/^[A-Za-z][\w-]{15}$/.test(id))).toEqual([])
})
