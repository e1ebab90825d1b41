import { dirname, join } from "node:path"

type Environment = Record<string, string | undefined>

/** A program that opens the browser of Windows from inside WSL. */
export type WindowsOpener = {
  command: string
  args: (url: string) => string[]
  /** A Windows program is started from a Windows folder: it cannot always enter a Linux one. */
  cwd?: string
}

/** Where Windows is mounted and its folders are not in PATH (`appendWindowsPath=false`). */
const POWERSHELL = "/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"

/** Whether this is Linux under Windows, with a person in front of Windows. */
export function isWsl(env: Environment): boolean {
  return Boolean(env.WSL_DISTRO_NAME || env.WSL_INTEROP) && !env.SSH_CONNECTION && !env.SSH_TTY
}

/**
 * The programs of WSL that open a URL in Windows, the best first: PowerShell, then `wslview`, older versions
 * of which cut a URL at its first `&`. `cmd.exe` and `explorer.exe` cut all of them, and are left alone.
 */
export function windowsOpeners(env: Environment, fileExists: (path: string) => boolean): WindowsOpener[] {
  if (!isWsl(env)) return []
  const folders = (env.PATH ?? "").split(":").filter((folder) => folder.startsWith("/"))
  const inPath = (name: string) => folders.map((folder) => join(folder, name)).find(fileExists)
  const powershell = inPath("powershell.exe") ?? [POWERSHELL].find(fileExists)
  const wslview = inPath("wslview")
  return [
    ...(powershell === undefined
      ? []
      : [{ command: powershell, args: startProcess, cwd: dirname(powershell) }]),
    ...(wslview === undefined ? [] : [{ command: wslview, args: (url: string) => [url] }]),
  ]
}

/**
 * Encoded (UTF-16LE, base64), so that no quoting between Linux, Windows and PowerShell is relied on. A URL in
 * its normal form is ASCII.
 */
function startProcess(url: string): string[] {
  const script = `$ProgressPreference = 'SilentlyContinue'; Start-Process '${new URL(url).href.replaceAll("'", "''")}'`
  const encoded = Buffer.from(script, "utf16le").toString("base64")
  return ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
}
