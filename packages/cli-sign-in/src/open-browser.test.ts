import { chmod, readFile, writeFile } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { expect, test, vi } from "vitest"
import { canOpenBrowser, openBrowser } from "./open-browser.ts"
import { temporaryFolder } from "./testing.ts"

const DOCKER = (path: string) => path === "/.dockerenv"
const PLAIN = () => false
const WINDOWS = (path: string) => path.startsWith("/mnt/c/Windows/") && path.endsWith("/powershell.exe")
const WSLVIEW = (path: string) => path === "/usr/bin/wslview"
const SSH = { SSH_CONNECTION: "1 2 3 4" }

test.each<[string, Record<string, string>, NodeJS.Platform, (path: string) => boolean, boolean]>([
  ["Linux without a display", {}, "linux", PLAIN, false],
  ["Linux with X", { DISPLAY: ":0" }, "linux", PLAIN, true],
  ["Linux with Wayland", { WAYLAND_DISPLAY: "wayland-0" }, "linux", PLAIN, true],
  ["WSL", { WSL_DISTRO_NAME: "Debian" }, "linux", WINDOWS, true],
  ["WSL with wslview", { WSL_INTEROP: "/run/WSL/1", PATH: "/bin:/usr/bin" }, "linux", WSLVIEW, true],
  [
    "WSL that cannot reach Windows",
    { WSL_DISTRO_NAME: "Debian", PATH: "/bin:/usr/bin" },
    "linux",
    PLAIN,
    false,
  ],
  [
    "WSL that cannot, with a display of its own",
    { WSL_DISTRO_NAME: "D", DISPLAY: ":0" },
    "linux",
    PLAIN,
    true,
  ],
  ["WSL over SSH", { WSL_DISTRO_NAME: "Debian", ...SSH }, "linux", WINDOWS, false],
  ["Linux over SSH", { ...SSH }, "linux", PLAIN, false],
  ["Linux over SSH with a forwarded display", { ...SSH, DISPLAY: "localhost:10.0" }, "linux", PLAIN, true],
  ["macOS", {}, "darwin", PLAIN, true],
  ["macOS over SSH", { SSH_TTY: "/dev/ttys1" }, "darwin", PLAIN, false],
  ["Windows", {}, "win32", PLAIN, true],
  ["Windows over SSH", { ...SSH }, "win32", PLAIN, false],
  ["a container with a display", { DISPLAY: ":0" }, "linux", DOCKER, false],
  ["a Codespace", { CODESPACES: "true", DISPLAY: ":0" }, "linux", PLAIN, false],
  ["a dev container", { REMOTE_CONTAINERS: "true", DISPLAY: ":0" }, "linux", PLAIN, false],
  ["BROWSER in a container", { BROWSER: "firefox" }, "linux", DOCKER, true],
  ["BROWSER=none", { BROWSER: "none", DISPLAY: ":0" }, "linux", PLAIN, false],
  ["BROWSER empty", { BROWSER: "" }, "darwin", PLAIN, false],
])("%s", (_, env, platform, fileExists, expected) => {
  expect(canOpenBrowser(env, platform, fileExists)).toBe(expected)
})

const URL = "https://auth.example.com/login?a=1&b=$(touch%20x)"

/** A program that writes its arguments, one a line, to a file beside it. */
async function browser() {
  const folder = await temporaryFolder()
  const command = join(folder, "my browser")
  await writeFile(command, `#!/bin/sh\nprintf '%s\\n' "$@" > "$0.part"\nmv "$0.part" "$0.arguments"\n`)
  await chmod(command, 0o755)
  const args = () => vi.waitFor(() => readFile(`${command}.arguments`, "utf8"), { timeout: 10_000 })
  return { command, args }
}

test("BROWSER gets the URL as its last argument, and no shell touches it", async () => {
  const { command, args } = await browser()
  await openBrowser(URL, { env: { BROWSER: `"${command}" --new` } })
  expect(await args()).toBe(`--new\n${URL}\n`)
})

test("%s in BROWSER stands for the URL, and the first command that starts is enough", async () => {
  const { command, args } = await browser()
  const commands = ["/no/such/browser", "", `'${command}' --url=%s --new`, "/no/other"]
  await openBrowser(URL, { env: { BROWSER: commands.join(delimiter) } })
  expect(await args()).toBe(`--url=${URL}\n--new\n`)
})

test.each(["none", "", " ", "/no/such/browser", `/no/such${delimiter}/nor/such`])(
  "BROWSER=%j: an error",
  async (BROWSER) => {
    await expect(openBrowser(URL, { env: { BROWSER } })).rejects.toThrow(/BROWSER/)
  },
)

test.each(["file:///etc/passwd", "javascript:alert(1)", "not a URL", "--help"])(
  "%j is not opened",
  async (url) => {
    const { command } = await browser()
    await expect(openBrowser(url, { env: { BROWSER: `"${command}"` } })).rejects.toThrow(
      "only http and https",
    )
  },
)

/** A folder in PATH with stand-ins for programs, which write their arguments beside themselves. */
async function programs(scripts: Record<string, string>) {
  const folder = await temporaryFolder()
  for (const [name, after] of Object.entries(scripts)) {
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" > "$0.arguments"\n${after}\n`
    await writeFile(join(folder, name), script, { mode: 0o755 })
  }
  const argumentsOf = async (name: string) =>
    (await readFile(join(folder, `${name}.arguments`), "utf8")).trimEnd().split("\n")
  return {
    env: { WSL_DISTRO_NAME: "Debian", PATH: `${folder}${delimiter}/usr/bin:/bin` },
    folder,
    argumentsOf,
  }
}

const APOSTROPHE = "https://auth.example.com/it's?a=1&b=$(touch x)&c=“d”"

test("in WSL the browser of Windows opens, started from a folder of Windows, with all of the URL", async () => {
  const { env, folder, argumentsOf } = await programs({ "powershell.exe": 'pwd > "$0.folder"', wslview: "" })
  await openBrowser(APOSTROPHE, { env })
  const [encoded = "", ...flags] = (await argumentsOf("powershell.exe")).toReversed()
  expect(flags.toReversed()).toEqual(["-NoProfile", "-NonInteractive", "-EncodedCommand"])
  const script = Buffer.from(encoded, "base64").toString("utf16le")
  expect(script).toMatch(/; Start-Process '[!-~]+'$/)
  expect(script).toContain("'https://auth.example.com/it''s?a=1&b=$(touch%20x)&c=%E2%80%9Cd%E2%80%9D'")
  expect((await readFile(join(folder, "powershell.exe.folder"), "utf8")).trim()).toBe(folder)
  await expect(argumentsOf("wslview")).rejects.toThrow("ENOENT")
})

test("in WSL `wslview` opens it where PowerShell fails or is not there", async () => {
  for (const scripts of [{ "powershell.exe": "exit 1", wslview: "" }, { wslview: "" }]) {
    const { env, argumentsOf } = await programs(scripts)
    await openBrowser(URL, { env })
    expect(await argumentsOf("wslview")).toEqual([URL])
  }
})

test("BROWSER outranks Windows", async () => {
  const { command, args } = await browser()
  const { env, argumentsOf } = await programs({ "powershell.exe": "" })
  await openBrowser(URL, { env: { ...env, BROWSER: `"${command}"` } })
  expect(await args()).toBe(`${URL}\n`)
  await expect(argumentsOf("powershell.exe")).rejects.toThrow("ENOENT")
})
