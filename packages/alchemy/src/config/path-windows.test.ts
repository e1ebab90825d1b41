import { expect, test, vi } from "vitest"
import { configPath, pathForPeople } from "./path.ts"

vi.mock("node:path", async () => (await vi.importActual<typeof import("node:path")>("node:path")).win32)

const HOME = "C:\\Users\\Ada L"
const place = (env: Record<string, string>) => ({ env, homeDirectory: HOME, workingDirectory: "D:\\work" })

test.each([
  [{}, "C:\\Users\\Ada L\\.config\\alchemy\\config.json"],
  [{ XDG_CONFIG_HOME: "D:\\xdg" }, "D:\\xdg\\alchemy\\config.json"],
  [{ XDG_CONFIG_HOME: "xdg" }, "C:\\Users\\Ada L\\.config\\alchemy\\config.json"],
  [{ ALCHEMY_CONFIG: "D:/own/a.json" }, "D:\\own\\a.json"],
  [{ ALCHEMY_CONFIG: "\\\\server\\share\\a.json" }, "\\\\server\\share\\a.json"],
  [{ ALCHEMY_CONFIG: "a.json" }, "D:\\work\\a.json"],
])("on Windows, with %j: %s", (env, path) => {
  expect(configPath(place(env))).toBe(path)
})

test("on Windows the home directory is shortened, and not a name that begins like it", () => {
  expect(pathForPeople(`${HOME}\\.config\\alchemy\\config.json`, HOME)).toBe(
    "~\\.config\\alchemy\\config.json",
  )
  expect(pathForPeople(`${HOME}ovelace\\config.json`, HOME)).toBe(`${HOME}ovelace\\config.json`)
})
