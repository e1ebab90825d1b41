import { expect, test } from "vitest"
import { commandTree } from "../command-tree.ts"
import { positionIn } from "./position.ts"

const root = commandTree()
const at = (...words: string[]) => {
  const { node, flag, operands, ...rest } = positionIn(words, root)
  return { ...rest, path: node.path.join(" "), flag: flag?.long ?? null, operands }
}

test.each([
  [[""], "", "", []],
  [["au"], "", "au", []],
  [["auth", ""], "auth", "", []],
  [["--json", "auth", "-q", "sta"], "auth", "sta", []],
  [["--profile", "auth", "apps", "get", ""], "apps get", "", []],
  [["apps", "get", "app_1", ""], "apps get", "", ["app_1"]],
  [["auth", "--force", "status", ""], "auth status", "", []],
  [["nonsense", "apps", ""], "", "", ["nonsense", "apps"]],
  [["apps", "--nonsense", "list", ""], "apps list", "", []],
])("%j: in `%s`, typing %j after %j", (words, path, typed, operands) => {
  expect(at(...words)).toMatchObject({ path, typed, operands, flag: null, flagsPossible: true })
})

test.each([
  [["apps", "create", "--networks", "et"], "--networks", "", "et"],
  [["apps", "create", "--networks=et"], "--networks", "--networks=", "et"],
  [["apps", "create", "--name", "--networks"], "--name", "", "--networks"],
  [["auth", "--expires-in", ""], "--expires-in", "", ""],
])("%j: the value of %s", (words, flag, prefix, typed) => {
  expect(at(...words)).toMatchObject({ flag, prefix, typed, flagsPossible: false })
})

test("after -- there are operands only", () => {
  expect(at("apps", "get", "--", "--js")).toMatchObject({ flagsPossible: false, typed: "--js" })
  expect(at("apps", "get", "--", "--profile=x", "").operands).toEqual(["--profile=x"])
})

test("the flags before are what commander would make of them", () => {
  const { raw } = at(
    "--profile",
    "work",
    "apps",
    "--auth-url=https://a.example",
    "get",
    "--no-color",
    "--json",
    "",
  )
  expect(raw).toEqual({ profile: "work", authUrl: "https://a.example", color: false, json: true })
})
