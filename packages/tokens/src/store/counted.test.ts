import { expect, test } from "vitest"
import { StoreUnavailableError } from "../errors.ts"
import { counted } from "./counted.ts"

test("what the store could not answer is counted, and told as before; other errors and answers are not", async () => {
  let count = 0
  const methods = counted(
    {
      away: async () => {
        throw new StoreUnavailableError(new Error("cut off"))
      },
      broken: async () => {
        throw new Error("a fault")
      },
      add: async (one: number, other: number) => one + other,
      now: () => 7,
      part: { of: "it" },
    },
    () => count++,
  )
  await expect(methods.away()).rejects.toMatchObject({ code: "store_unavailable" })
  await expect(methods.away()).rejects.toMatchObject({ code: "store_unavailable" })
  await expect(methods.broken()).rejects.toThrow("a fault")
  expect(await methods.add(1, 2)).toBe(3)
  expect([methods.now(), methods.part, count]).toEqual([7, { of: "it" }, 2])
})
