import { expect, test } from "vitest"
import { configPath, pathForPeople } from "./path.ts"

const place = (env: Record<string, string>, homeDirectory = "/home/ada") => ({
  env,
  homeDirectory,
  get workingDirectory(): string {
    throw new Error("the working directory has been removed")
  },
})

test.each([
  [{}, "/home/ada/.config/alchemy/config.json"],
  [{ XDG_CONFIG_HOME: "/xdg" }, "/xdg/alchemy/config.json"],
  [{ XDG_CONFIG_HOME: "xdg" }, "/home/ada/.config/alchemy/config.json"],
  [{ ALCHEMY_CONFIG: "/etc/../opt/a.json", XDG_CONFIG_HOME: "/xdg" }, "/opt/a.json"],
])("with %j: %s, whatever became of the working directory", (env, path) => {
  expect(configPath(place(env))).toBe(path)
})

test("a relative ALCHEMY_CONFIG is taken from the working directory", () => {
  expect(
    configPath({ ...{ env: { ALCHEMY_CONFIG: "a.json" }, homeDirectory: "" }, workingDirectory: "/w" }),
  ).toBe("/w/a.json")
})

test("without a home nothing is put into the working directory", () => {
  expect(() => configPath(place({}, ""))).toThrow(expect.objectContaining({ code: "CREDENTIAL_STORE_ERROR" }))
  expect(configPath(place({ XDG_CONFIG_HOME: "/xdg" }, ""))).toBe("/xdg/alchemy/config.json")
  expect(pathForPeople("/xdg/alchemy/config.json", "")).toBe("/xdg/alchemy/config.json")
})
