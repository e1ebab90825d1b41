import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { freePort } from "./start-redis.ts"

const exec = promisify(execFile)

/** A real terminal: tmux, with a server of its own. */
export type Terminal = {
  /** What is on the screen now. */
  screen(): Promise<string>
  /** Resolves with the screen when it matches. */
  shows(pattern: RegExp): Promise<string>
  /** Types a text as it is. */
  type(text: string): Promise<void>
  /** Presses a key as tmux names it, for example `Tab` or `C-u`. */
  press(key: string): Promise<void>
  close(): Promise<void>
}

/**
 * Runs a command in a terminal of a size, with exactly this environment besides PATH and TERM.
 * @param options.columns how many columns
 * @param options.rows how many rows
 */
export async function openTerminal(
  command: string,
  options: { env: Record<string, string>; columns: number; rows: number },
): Promise<Terminal> {
  const socket = `authchemy-test-${process.pid}-${await freePort()}`
  const tmux = async (...args: string[]) =>
    (await exec("tmux", ["-L", socket, "-f", "/dev/null", ...args])).stdout
  const variables = Object.entries({ PATH: process.env.PATH ?? "", TERM: "tmux-256color", ...options.env })
  const line = `exec env -i ${variables.map(([name, value]) => `${name}='${value}'`).join(" ")} ${command}; `
  const size = ["-x", String(options.columns), "-y", String(options.rows)]
  await tmux("new-session", "-d", ...size, "sh", "-c", `(${line}); echo "[exit $?]"; sleep 600`)
  const screen = () => tmux("capture-pane", "-p")
  return {
    screen,
    shows: async (pattern) => {
      for (let looks = 0; ; looks++) {
        const now = await screen()
        if (pattern.test(now)) return now
        if (looks > 300) throw new Error(`the terminal does not show ${pattern}:\n${now}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    type: async (text) => {
      await tmux("send-keys", "-l", "--", text)
    },
    press: async (key) => {
      await tmux("send-keys", key)
    },
    close: async () => {
      await tmux("kill-server")
    },
  }
}
