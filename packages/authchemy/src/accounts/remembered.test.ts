import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { type AppUnderTest, openAppUnderTest } from "../routes/testing.ts"
import { rememberAccounts } from "./remembered.ts"

let under: AppUnderTest
beforeAll(async () => {
  under = await openAppUnderTest()
})
afterAll(() => under.close())

function open() {
  const announced: string[] = []
  const listeners: ((item: string | null) => void)[] = []
  const find = vi.fn(under.accounts.find)
  const accounts = rememberAccounts(
    { ...under.accounts, find },
    {
      isCurrent: () => true,
      onForgotten: (listener) => {
        listeners.push(listener)
        return () => {}
      },
      announce: async (items) => {
        announced.push(...items)
        for (const item of items) for (const listener of listeners) listener(item)
      },
    },
    () => 0,
  )
  return { accounts, find, announced }
}

const create = (email: string) =>
  under.accounts.administration.create({ email, password: "correct horse battery", name: "Ada" })

test("an account is read once, and then the same object is told", async () => {
  const { accounts, find } = open()
  const { id } = await create("once@example.com")
  expect(accounts.findHeld(id)).toBeUndefined()
  const account = await accounts.find(id)
  expect(account).toMatchObject({ id, email: "once@example.com" })
  expect(await accounts.find(id)).toBe(account)
  expect(accounts.findHeld(id)).toBe(account)
  expect(find).toHaveBeenCalledTimes(1)
})

test("S48 an account that is disabled is forgotten everywhere before that is told", async () => {
  const { accounts, announced } = open()
  const { id } = await create("gone@example.com")
  await accounts.find(id)
  expect(await accounts.administration.disable("gone@example.com")).toMatchObject({ id })
  expect(announced).toEqual([`account:${id}`])
  expect(accounts.findHeld(id)).toBeUndefined()
  expect(await accounts.find(id)).toBeNull()
})

test("an account that is enabled again is forgotten, too", async () => {
  const { accounts, announced } = open()
  const { id } = await create("back@example.com")
  await accounts.administration.disable("back@example.com")
  expect(await accounts.administration.enable("back@example.com")).toMatchObject({ id, disabledAt: null })
  expect(announced).toEqual([`account:${id}`, `account:${id}`])
  expect(await accounts.find(id)).toMatchObject({ id })
})

test("disabling nobody announces nothing", async () => {
  const { accounts, announced } = open()
  expect(await accounts.administration.disable("nobody@example.com")).toBeNull()
  expect(announced).toEqual([])
})
