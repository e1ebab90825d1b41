import { execFile } from "node:child_process"

/** npm is a Node program of its own, and reads four files, in milliseconds. */
const LIMIT_MS = 5000

/**
 * The package registry that npm is set up for, as npm says: it may be a company's own. `null` where npm is not there, or does not say.
 * @param command npm's name; on Windows it is a script, which only a shell runs
 */
export function npmRegistry(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  command = platform === "win32" ? "npm.cmd" : "npm",
): Promise<string | null> {
  const options = { env, timeout: LIMIT_MS, windowsHide: true, shell: platform === "win32" }
  return new Promise((resolve) => {
    execFile(command, ["config", "get", "registry"], options, (error, stdout) => {
      const said = stdout?.trim() ?? ""
      resolve(error !== null || said === "" || said === "undefined" ? null : said)
    })
  })
}
