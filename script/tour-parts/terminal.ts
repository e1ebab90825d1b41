import { execFile } from "node:child_process"
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"

const exec = promisify(execFile)
const POLL_MS = 20
const PATIENCE_MS = 30_000

/** A size in characters. */
export type Size = { columns: number; rows: number }

/** A command under way in a terminal. */
export type Screen = {
  /** All that it has shown so far, what has been scrolled out included. Lines that the terminal broke are whole again. */
  text(): Promise<string>
  /** Resolves with the text once it matches. */
  shows(pattern: RegExp): Promise<string>
  /** Types text, or presses keys by tmux's names, for example `Enter` and `Down`. */
  type(text: string): Promise<void>
  press(...keys: string[]): Promise<void>
  /** Resolves with the exit code. */
  ended(): Promise<number>
}

/** Terminals of tmux, with a server of its own. */
export type Terminals = {
  /** Runs a line of shell, with exactly this environment, until `during` and the line have ended. */
  run<T>(
    line: string,
    options: { env: Record<string, string>; cwd: string; size: Size },
    during: (screen: Screen) => Promise<T>,
  ): Promise<T>
  close(): Promise<void>
}

/** @param directory an existing one for tmux's socket and the exit codes */
export function openTerminals(directory: string): Terminals {
  const socket = join(directory, "tmux")
  const tmux = async (...args: string[]) =>
    (await exec("tmux", ["-u", "-S", socket, "-f", "/dev/null", ...args])).stdout
  // A server ends with its last session, which a next one may meet on its way out.
  const begun = tmux("new-session", "-d", "-s", "keeper", "sleep", "3600")
  let count = 0
  return {
    async run(line, { env, cwd, size }, during) {
      await begun
      const name = `tour-${++count}`
      const codeFile = join(directory, `${name}.exit`)
      const variables = Object.entries({ TERM: "tmux-256color", ...env })
      const assigned = variables.map(([variable, value]) => quoted(`${variable}=${value}`)).join(" ")
      const script = `trap : INT; cd ${quoted(cwd)}; env -i ${assigned} sh -c ${quoted(line)}; echo $? > ${quoted(codeFile)}; exec sleep 600`
      const dimensions = ["-x", String(size.columns), "-y", String(size.rows)]
      await tmux("new-session", "-d", "-s", name, ...dimensions, "sh", "-c", script)
      const screen = screenOf(name, codeFile, tmux)
      try {
        return await during(screen)
      } finally {
        await tmux("kill-session", "-t", name).catch(() => {})
        await rm(codeFile, { force: true })
      }
    },
    close: async () => {
      await tmux("kill-server").catch(() => {})
    },
  }
}

function screenOf(name: string, codeFile: string, tmux: (...args: string[]) => Promise<string>): Screen {
  const text = async () =>
    withoutTrailingBlanks(await tmux("capture-pane", "-p", "-J", "-S", "-", "-t", name))
  const wait = async <T>(look: () => Promise<T | undefined>, what: string): Promise<T> => {
    for (const began = performance.now(); ; ) {
      const found = await look()
      if (found !== undefined) return found
      if (performance.now() - began > PATIENCE_MS) throw new Error(`${what}:\n${await text()}`)
      await delay(POLL_MS)
    }
  }
  return {
    text,
    shows: (pattern) =>
      wait(async () => {
        const now = await text()
        return pattern.test(now) ? now : undefined
      }, `the terminal does not show ${pattern}`),
    type: async (typed) => {
      await tmux("send-keys", "-t", name, "-l", typed)
    },
    press: async (...keys) => {
      await tmux("send-keys", "-t", name, ...keys)
    },
    ended: () =>
      wait(async () => {
        const code = await readFile(codeFile, "utf8").catch(() => "")
        return code.endsWith("\n") ? Number(code) : undefined
      }, "the command does not end"),
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

function withoutTrailingBlanks(text: string): string {
  return text.replace(/[ \t]+$/gm, "").trimEnd()
}
