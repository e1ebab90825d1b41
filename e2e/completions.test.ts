import { execFile, spawnSync } from "node:child_process"
import { access, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, onTestFinished, test } from "vitest"
import { openTerminal, type Terminal } from "./terminal.ts"

const exec = promisify(execFile)
const alchemyBin = join(import.meta.dirname, "..", "bin", "alchemy")

const SHELLS = ["bash", "zsh", "fish"] as const
type Shell = (typeof SHELLS)[number]

const isThere = (program: string) => spawnSync(program, ["--version"]).error === undefined

/** What a shell reads when it starts. `%SCRIPT%` is the completion script. */
const STARTUP: Readonly<Record<Shell, { file: string; text: string; command: (home: string) => string }>> = {
  bash: {
    file: "bashrc",
    text: "PS1='ready> '\nbind 'set bell-style none'\neval \"$(alchemy completions bash)\"\n",
    command: (home) => `bash --noprofile --rcfile ${home}/bashrc -i`,
  },
  zsh: {
    file: ".zshrc",
    text: "PS1='ready> '\nunsetopt beep\nautoload -Uz compinit && compinit -u -D\nsource <(alchemy completions zsh)\n",
    command: () => "zsh -i",
  },
  fish: {
    file: "config.fish",
    text: "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nfunction fish_prompt; echo -n 'ready> '; end\nalchemy completions fish | source\n",
    command: (home) => `fish --no-config -C "source ${home}/config.fish"`,
  },
}

/** Apps whose names, and some of whose ids, a shell must not evaluate. */
function hostileApps(home: string) {
  const app = { apiKey: "k", webhookApiKey: "w", chainNetworks: [], createdAt: "2026-11-01T00:00:00.000Z" }
  const evil = `$(touch ${home}/evaluated)`
  return [
    { ...app, id: "app_21", name: `${evil} \`touch ${home}/evaluated\` %F{red} \u001b[31mred` },
    { ...app, id: "app_22", name: `"; touch ${home}/evaluated; "` },
    { ...app, id: `app_3${evil}`, name: "hostile" },
    { ...app, id: `--${evil}`, name: "hostile" },
  ]
}

/** A home, a server with those apps, and the environment of a shell there. `path` comes before all else in PATH. */
async function createHome(path: string = dirname(alchemyBin)) {
  const home = await mkdtemp(join(tmpdir(), "alchemy-shell-"))
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ data: { apps: hostileApps(home) } }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await rm(home, { recursive: true, force: true })
  })
  const config = join(home, "alchemy.json")
  await writeFile(config, JSON.stringify({ profiles: { "ada@home": {} } }), { mode: 0o600 })
  const env = {
    PATH: `${path}:${process.env.PATH}`,
    HOME: home,
    ZDOTDIR: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    LANG: "C.UTF-8",
    ALCHEMY_CONFIG: config,
    ALCHEMY_AUTH_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ALCHEMY_ACCESS_KEY: "access-key-0123456789",
  }
  return { home, env, evaluated: () => isFile(join(home, "evaluated")) }
}

const isFile = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

async function openShell(shell: Shell, { home, env }: Awaited<ReturnType<typeof createHome>>) {
  const { file, text, command } = STARTUP[shell]
  await writeFile(join(home, file), text)
  const terminal = await openTerminal(command(home), { env, columns: 120, rows: 30 })
  onTestFinished(() => terminal.close())
  await terminal.shows(/^ready>$/m)
  return terminal
}

const literal = (text: string) => text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&")

/** Types a line, presses Tab, and resolves when the line has become `expected`. */
async function completes(terminal: Terminal, typed: string, expected: string): Promise<void> {
  await terminal.press("C-u")
  await terminal.press("C-l")
  await terminal.shows(/^ready>$/m)
  await terminal.type(typed)
  await terminal.shows(new RegExp(`^ready> ${literal(typed)}$`, "m"))
  await terminal.press("Tab")
  await terminal.shows(new RegExp(`^ready> ${literal(expected)}$`, "m"))
}

describe.each(SHELLS)("in %s", (shell) => {
  const inShell = test.skipIf(!isThere(shell))

  inShell(`Tab completes commands, flags, values and what the server lists (needs ${shell})`, async () => {
    const home = await createHome()
    const terminal = await openShell(shell, home)
    for (const [typed, expected] of [
      ["alchemy au", "alchemy auth"],
      ["alchemy auth sess", "alchemy auth sessions"],
      ["alchemy auth --forc", "alchemy auth --force"],
      ["alchemy completions f", "alchemy completions fish"],
      ["alchemy config set credential-store key", "alchemy config set credential-store keychain"],
      ["alchemy auth login --expires-in=9", "alchemy auth login --expires-in=90d"],
      ["alchemy access-keys create --scopes apps:r", "alchemy access-keys create --scopes apps:read"],
      [
        "alchemy access-keys create --scopes apps:read,key",
        "alchemy access-keys create --scopes apps:read,keys:manage",
      ],
      ["alchemy --profile ada@", "alchemy --profile ada@home"],
      ["alchemy --profile=ada@h", "alchemy --profile=ada@home"],
      ["alchemy --profile ad", "alchemy --profile ada@home"],
      ["alchemy --json  apps sel", "alchemy --json  apps select"],
      ["alchemy apps get app", "alchemy apps get app_2"],
    ] as const) {
      await completes(terminal, typed, expected)
    }
    expect(await home.evaluated()).toBe(false)
  })

  inShell(
    `nothing of what a server says is evaluated, and no id of that kind is offered (needs ${shell})`,
    async () => {
      const home = await createHome()
      const terminal = await openShell(shell, home)
      await completes(terminal, "alchemy apps get app", "alchemy apps get app_2")
      await terminal.press("Tab")
      await terminal.press("Tab")
      const screen = await terminal.shows(/app_22[\s\S]*\nready> |ready> [\s\S]*app_22/)
      expect(screen).toContain("app_21")
      expect(screen).not.toContain("app_3")
      // Bash has no place for descriptions.
      if (shell !== "bash") expect(screen).toContain("$(touch ")
      expect(await home.evaluated()).toBe(false)
    },
  )

  inShell(`the script evaluates nothing, whatever the command prints (needs ${shell})`, async () => {
    const fake = await mkdtemp(join(tmpdir(), "alchemy-fake-"))
    onTestFinished(() => rm(fake, { recursive: true, force: true }))
    const home = await createHome(fake)
    const { stdout: script } = await exec(alchemyBin, ["completions", shell])
    const evil = `touch ${home.home}/evaluated`
    const lines = [
      `x$(${evil})\t$(${evil})`,
      `x\`${evil}\`\t\`${evil}\``,
      `x;${evil}\t;${evil}`,
      `x'$(${evil})\t'`,
    ]
    await writeFile(join(fake, "script"), script)
    await writeFile(join(fake, "lines"), `${lines.join("\n")}\n`)
    await writeFile(
      join(fake, "alchemy"),
      `#!/bin/sh\nif [ "$1" = completions ]; then cat ${fake}/script; else touch ${home.home}/asked; cat ${fake}/lines; fi\n`,
    )
    await chmod(join(fake, "alchemy"), 0o755)
    const terminal = await openShell(shell, home)
    await terminal.type("alchemy x")
    await terminal.shows(/^ready> alchemy x$/m)
    await terminal.press("Tab")
    await terminal.press("Tab")
    await terminal.shows(/touch /)
    expect(await isFile(join(home.home, "asked"))).toBe(true)
    expect(await home.evaluated()).toBe(false)
  })
})

test.skipIf(!isThere("zsh"))(
  "in zsh the script works from a directory of fpath too (needs zsh)",
  async () => {
    const home = await createHome()
    const { stdout: script } = await exec(alchemyBin, ["completions", "zsh"])
    await mkdir(join(home.home, "functions"))
    await writeFile(join(home.home, "functions", "_alchemy"), script)
    await writeFile(
      join(home.home, ".zshrc"),
      `PS1='ready> '\nfpath=(${home.home}/functions $fpath)\nautoload -Uz compinit && compinit -u -D\n`,
    )
    const terminal = await openTerminal("zsh -i", { env: home.env, columns: 100, rows: 20 })
    onTestFinished(() => terminal.close())
    await terminal.shows(/^ready>$/m)
    // The first time loads the function, and completes as well.
    await completes(terminal, "alchemy auth stat", "alchemy auth status")
    await completes(terminal, "alchemy auth tok", "alchemy auth token")
    expect(await readdir(join(home.home, "functions"))).toEqual(["_alchemy"])
  },
)
