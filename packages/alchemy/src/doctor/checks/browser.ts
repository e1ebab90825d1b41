import { delimiter, isAbsolute, join } from "node:path"
import { printable } from "../../output/printable.ts"
import type { Check, Finding } from "../check.ts"
import type { Patient } from "../patient.ts"

/** What a sign-in will use: a browser on this machine, or a code for any device. */
export const browser: Check = {
  id: "browser",
  title: "browser",
  look: async (patient) => {
    const lookedAt = "BROWSER, display, WSL, container, SSH"
    const can = await patient.context.canOpenBrowser()
    return { lookedAt, ...(can ? opened(patient) : byCode(patient)) }
  },
}

type Found = Pick<Finding, "found" | "verdict" | "todo">

function opened({ context, probes }: Patient): Found {
  const { env, platform } = context
  if (env.BROWSER !== undefined) {
    const commands = commandsIn(env.BROWSER, platform)
    const shown = printable(commands.join(", "), 60)
    if (!commands.some((command) => isThere(command, env.PATH ?? "", probes))) {
      const todo = "Set BROWSER to a command that is there, unset it, or use `alchemy auth login --device`."
      return { found: `BROWSER names ${shown}, which is not installed`, verdict: "problem", todo }
    }
    return { found: `sign-in opens it with ${shown} (BROWSER)`, verdict: "ok" }
  }
  const how = isWsl(env) ? "sign-in opens the browser of Windows" : "sign-in opens the system's browser"
  return { found: how, verdict: "ok" }
}

function byCode({ context, probes }: Patient): Found {
  const { env, platform } = context
  const why =
    env.BROWSER !== undefined
      ? "BROWSER says so"
      : env.CODESPACES
        ? "a Codespace"
        : env.REMOTE_CONTAINERS || probes.fileExists("/.dockerenv")
          ? "a container"
          : env.SSH_CONNECTION || env.SSH_TTY
            ? "a connection over SSH"
            : isWsl(env)
              ? "WSL, and no way to the browser of Windows"
              : platform === "linux"
                ? "no display"
                : "none can be opened"
  return { found: `none here (${why}); sign-in shows a code for any device`, verdict: "ok" }
}

function isWsl(env: Patient["context"]["env"]): boolean {
  return Boolean(env.WSL_DISTRO_NAME || env.WSL_INTEROP)
}

/** The programs that `BROWSER` names, in order. */
function commandsIn(browsers: string, platform: NodeJS.Platform): string[] {
  return browsers.split(platform === "win32" ? ";" : ":").flatMap((commandLine) => {
    const [, double, single, plain] = /^\s*(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(commandLine) ?? []
    return double ?? single ?? plain ?? []
  })
}

function isThere(command: string, path: string, { fileExists }: Patient["probes"]): boolean {
  if (isAbsolute(command) || /[\\/]/.test(command)) return fileExists(command)
  const folders = path.split(delimiter).filter(Boolean)
  return folders.some((folder) => ["", ".exe", ".cmd"].some((end) => fileExists(join(folder, command + end))))
}
