import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { isWsl, windowsOpeners } from "./open-browser-wsl.ts"

type Environment = Record<string, string | undefined>

/**
 * Whether a browser can be expected to open here. `BROWSER` decides where it is set: `none` or empty means
 * no, anything else yes. Otherwise no in a container or Codespace; on Linux only with a display, or in WSL
 * where Windows can be reached; on macOS and Windows outside SSH.
 *
 * @param fileExists how to look for `/.dockerenv` and for Windows; the file system where left out
 */
export function canOpenBrowser(
  env: Environment,
  platform: NodeJS.Platform,
  fileExists: (path: string) => boolean = existsSync,
): boolean {
  if (env.BROWSER !== undefined) return !isNone(env.BROWSER)
  if (env.CODESPACES || env.REMOTE_CONTAINERS || fileExists("/.dockerenv")) return false
  if (platform === "darwin" || platform === "win32") return !env.SSH_CONNECTION && !env.SSH_TTY
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY) || windowsOpeners(env, fileExists).length > 0
}

/**
 * Opens an http or https URL with `BROWSER` where set: a command line, `%s` stands for the URL, which is
 * otherwise its last argument; several are separated by the path delimiter and tried in turn. Else with the
 * system's opener, in WSL that of Windows. No shell is involved. Resolves when the program has started.
 * Rejects where none could be, with a phrase for people as `message`.
 */
export async function openBrowser(url: string, options: { env: Environment }): Promise<void> {
  if (!URL.canParse(url) || !["http:", "https:"].includes(new URL(url).protocol)) {
    throw new Error("only http and https URLs are opened in a browser")
  }
  const { BROWSER } = options.env
  if (BROWSER === undefined) {
    if (await openedInWindows(url, options.env)) return
    const { default: open } = await import("open")
    const opener = await open(url)
    // Started and then failing is not ours to report: the URL is on the screen.
    opener.on("error", () => {})
    return
  }
  if (isNone(BROWSER)) throw new Error("BROWSER says that none is to be opened")
  for (const commandLine of BROWSER.split(process.platform === "win32" ? ";" : ":")) {
    const [command, ...rest] = wordsOf(commandLine)
    if (command === undefined) continue
    const given = rest.map((word) => word.replaceAll("%s", () => url))
    const last = rest.some((word) => word.includes("%s")) ? [] : [url]
    if (await starts(command, [...given, ...last], options.env)) return
  }
  throw new Error("no command in BROWSER could be started")
}

async function openedInWindows(url: string, env: Environment): Promise<boolean> {
  if (!isWsl(env)) return false
  for (const { command, args, cwd } of windowsOpeners(env, existsSync)) {
    if (await succeeds(command, args(url), { env, ...(cwd === undefined ? {} : { cwd }) })) return true
  }
  return false
}

function isNone(browser: string): boolean {
  return browser.trim() === "" || browser.trim().toLowerCase() === "none"
}

/** Words separated by blanks; quotes, single or double, hold one together. */
function wordsOf(commandLine: string): string[] {
  return Array.from(commandLine.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g), ([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""),
  )
}

function starts(command: string, args: string[], env: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, stdio: "ignore", env })
    child.once("error", () => resolve(false))
    child.once("spawn", () => {
      child.unref()
      resolve(true)
    })
  })
}

/** PowerShell has handed the URL over once it has ended well; ended with this process it would not have. */
function succeeds(
  command: string,
  args: string[],
  options: { env: Environment; cwd?: string },
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore", ...options })
    child.once("error", () => resolve(false))
    child.once("close", (code) => resolve(code === 0))
  })
}
