import { expect, test } from "vitest"
import { ok, reasonOf, runCheck, wrong } from "./check.ts"

const onFault = (error: unknown) => wrong(reasonOf(error), "look")

test("a check is what it finds, by its name", async () => {
  expect(await runCheck("x", () => ok("fine"), onFault)).toEqual({ check: "x", state: "ok", message: "fine" })
})

test("one that throws, rejects or is silent is a finding", async () => {
  const found = { check: "x", state: "wrong", next: "look" }
  const throws = () => {
    throw new Error("broken")
  }
  expect(await runCheck("x", throws, onFault)).toEqual({ ...found, message: "broken" })
  expect(await runCheck("x", async () => throws(), onFault)).toEqual({ ...found, message: "broken" })
  expect(await runCheck("x", () => new Promise(() => {}), onFault, 20)).toEqual({
    ...found,
    message: "no answer within 0.02 seconds",
  })
})

test.each([
  [new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }), "connect ECONNREFUSED"],
  [Object.assign(new Error("unable to verify"), { code: "UNABLE" }), "unable to verify (UNABLE)"],
  [Object.assign(new Error("getaddrinfo ENOTFOUND x"), { code: "ENOTFOUND" }), "getaddrinfo ENOTFOUND x"],
  [new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")]), "::1 refused"],
  [new Error(""), "Error"],
  ["text", "no reason was given"],
])("why something failed: %#", (error, reason) => {
  expect(reasonOf(error)).toBe(reason)
})
