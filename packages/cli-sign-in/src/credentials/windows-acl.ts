import { win32 } from "node:path"

/** Runs a program and resolves with its exit code, or `null` where it could not be started. */
export type RunProgram = (command: string, args: string[]) => Promise<number | null>

/**
 * Leaves a file to its user alone on Windows, where mode bits say nothing: inherited rights are taken away,
 * and full control is given to the user (`icacls`). Anywhere else the mode has done it, and nothing is run. A
 * file keeps its rights when it is renamed.
 *
 * @returns whether the file is private
 */
export async function makePrivate(
  file: string,
  machine: {
    platform?: NodeJS.Platform
    env?: Record<string, string | undefined>
    run?: RunProgram
  } = {},
): Promise<boolean> {
  const { platform = process.platform, env = process.env, run = runProgram } = machine
  if (platform !== "win32") return true
  const { USERNAME: name, USERDOMAIN: domain, SystemRoot: root } = env
  if (!name) return false
  const user = domain ? `${domain}\\${name}` : name
  // By its full path: Windows looks for programs in the working directory first.
  const icacls = win32.join(root || "C:\\Windows", "System32", "icacls.exe")
  return (await run(icacls, [file, "/inheritance:r", "/grant:r", `${user}:F`, "/q"])) === 0
}

async function runProgram(command: string, args: string[]): Promise<number | null> {
  // Loaded on Windows alone.
  const { spawn } = await import("node:child_process")
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore", windowsHide: true })
    child.once("error", () => resolve(null))
    child.once("close", resolve)
  })
}
