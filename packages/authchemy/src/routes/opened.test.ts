import { expect, test } from "vitest"
import { createOpened } from "./opened.ts"

const PATH = "/login?redirectUrl=http%3A%2F%2F127.0.0.1%2Fcallback&state=a%20b+c"
const clock = { now: Date.parse("2026-11-23T22:05:00.000Z") }
const opened = createOpened("0123456789abcdef0123456789abcdef", () => clock.now)

test("the moment survives the way to the sign-in page and back, and everything else stays as it was sent", () => {
  const began = clock.now
  const noted = opened.note(PATH)
  expect(noted.startsWith(`${PATH}&opened=`)).toBe(true)
  clock.now += 180_000
  expect(opened.at(noted)).toBe(began)
  expect(opened.note(noted)).toBe(noted)
})

test("a moment that somebody else wrote, or that belongs to another request, counts for nothing", () => {
  const noted = opened.note(PATH)
  const moment = noted.slice(noted.indexOf("&opened="))
  for (const path of [
    PATH,
    `${PATH}&opened=0.AAAA`,
    `${PATH}&opened=`,
    `${PATH}&opened=${(0).toString(36)}.${moment.split(".")[1]}`,
    `/login?state=other${moment}`,
    `/login?opened=x`,
    "/login",
  ]) {
    clock.now += 1_000
    expect(opened.at(path)).toBe(clock.now)
  }
})
