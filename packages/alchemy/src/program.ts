import { Command as CommanderCommand } from "commander"
import type { Command } from "./command.ts"
import type { RawFlags } from "./flags.ts"

/** A command line that named a command: where its file is loaded from, its operands, and the flags as they were given. */
export type Invocation = {
  load: () => Promise<{ command: Command }>
  operands: string[]
  /** The command's own flags and the global ones together. */
  raw: RawFlags
  /** Text even where stdout is no terminal, as scripts expect of `--version`. */
  textUnlessJsonAskedFor?: boolean
  /** Sends nothing, not even an earlier sign-out that is pending. */
  offline?: boolean
}

type Program = CommanderCommand

const DRY_RUN = ["--dry-run", "show what would be sent, and send nothing"] as const

/**
 * The command tree. Only the command that was named is loaded, by `dispatch`.
 * `loginIsDefault`: `alchemy auth` alone means `alchemy auth login`.
 */
export function createProgram(options: {
  dispatch: (invocation: Invocation) => Promise<void>
  write: (text: string) => void
  width: number | undefined
  loginIsDefault: boolean
  /** Whether a word stands on the command line. A group that is not named there gets no commands: building all takes milliseconds. */
  isNamed: (word: string) => boolean
}): Program {
  const program = new CommanderCommand("alchemy")
    .description("Sign in through the browser, call the admin API, sign out for good.")
    .exitOverride()
    .configureOutput({
      writeOut: options.write,
      writeErr: options.write,
      outputError: () => {},
      getOutHelpWidth: () => options.width ?? 80,
      getErrHelpWidth: () => options.width ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 16 })
    .helpCommand("help [command]", "show help for a command")
    .helpOption("-h, --help", "show help")
    .option("-V, --version", "show the version")
    .option("--json", "write JSON (also when stdout is not a terminal)")
    .option("-q, --quiet", "leave out progress and sentences of success")
    .option("--verbose", "say more on the way")
    .option("--debug", "show stack traces; secrets stay masked")
    .option("--no-color", "write without colours")
    .option("--reveal", "show secrets in full")
    .option("--timeout <ms>", "time limit of a call, or of the wait for a sign-in")
    .option("--no-interactive", "ask nothing")
    .option("--access-key <key>", "use this access key")
    .option("--auth-url <url>", "the server to sign in at")

  const group = (name: string, description: string, fill: (group: Program) => void) => {
    const command = program.command(name).description(description)
    if (options.isNamed(name)) fill(command)
  }
  const add = (
    parent: Program,
    usage: string,
    description: string,
    load: Invocation["load"],
    more: { flags?: readonly (readonly [string, string])[]; isDefault?: boolean } = {},
  ) => {
    const command = parent.command(usage, { isDefault: more.isDefault ?? false }).description(description)
    for (const [flags, text] of more.flags ?? []) command.option(flags, text)
    command.action(() =>
      options.dispatch({
        load,
        operands: [...command.args],
        raw: command.optsWithGlobals(),
      }),
    )
  }

  group("auth", "sign in, sign out, and who is signed in", (auth) => {
    add(
      auth,
      "login",
      "sign in through the browser or by code, as `alchemy auth` alone does",
      () => import("./commands/auth/login.ts"),
      {
        isDefault: options.loginIsDefault,
        flags: [
          ["--force", "sign in anew; the old session is ended once the new one works"],
          ["-y, --yes", "open the browser without asking"],
          ["--no-browser", "never open the browser; show the address only"],
          ["--device", "sign in by a code that is approved on any device"],
          ["--expires-in <duration>", "90d, 12h, 30m or seconds; at most 90 days"],
          ["--port <n>", "the port to listen on for the browser's answer"],
        ],
      },
    )
    add(
      auth,
      "status",
      "who is signed in, until when, and what the server says",
      () => import("./commands/auth/status.ts"),
      {
        flags: [["--offline", "ask no server"]],
      },
    )
    add(
      auth,
      "logout",
      "end the session on the server, then here",
      () => import("./commands/auth/logout.ts"),
      {
        flags: [["--strict", "exit 6 where the server could not be reached"]],
      },
    )
    add(auth, "token", "print the token, for scripts", () => import("./commands/auth/token.ts"))
  })

  group("apps", "the account's apps", (apps) => {
    add(apps, "list", "list the apps", () => import("./commands/apps/list.ts"), {
      flags: [
        ["--limit <n>", "how many a page, 1 to 100"],
        ["--cursor <cursor>", "the page after this cursor"],
        ["--all", "every page"],
      ],
    })
    add(apps, "get <id>", "show one app", () => import("./commands/apps/get.ts"))
    add(apps, "create", "create an app", () => import("./commands/apps/create.ts"), {
      flags: [
        ["--name <name>", "its name"],
        ["--networks <ids>", "its chain networks, separated by commas"],
        ["--description <text>", "what it is for"],
        ["--products <names>", "products, separated by commas"],
        DRY_RUN,
      ],
    })
    add(
      apps,
      "update <id>",
      "change an app's name or description",
      () => import("./commands/apps/update.ts"),
      {
        flags: [["--name <name>", "its new name"], ["--description <text>", "its new description"], DRY_RUN],
      },
    )
    add(apps, "delete <id>", "delete an app", () => import("./commands/apps/delete.ts"), {
      flags: [["-y, --yes", "delete without asking"], DRY_RUN],
    })
    add(apps, "chains", "list the chain networks", () => import("./commands/apps/chains.ts"))
  })

  group("config", "settings of this machine", (config) => {
    add(
      config,
      "set <key> [value]",
      "store a value; - reads it from stdin",
      () => import("./commands/config/set.ts"),
    )
    add(config, "get <key>", "show a value", () => import("./commands/config/get.ts"))
    add(config, "list", "show all values", () => import("./commands/config/list.ts"))
    add(config, "reset [key]", "remove a value, or all", () => import("./commands/config/reset.ts"), {
      flags: [["-y, --yes", "reset all without asking"]],
    })
    add(config, "path", "show where they are kept", () => import("./commands/config/path.ts"))
  })

  group("setup", "what is set up on this machine", (setup) => {
    add(setup, "status", "what is set up, and the next step", () => import("./commands/setup/status.ts"))
  })

  add(program, "version", "show the version", () => import("./commands/version.ts"))
  return program
}
