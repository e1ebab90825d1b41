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

const ALLOWLIST_COMMANDS = [
  ["address-allowlist", "addresses"],
  ["origin-allowlist", "origins"],
  ["ip-allowlist", "IP addresses"],
] as const

const DRY_RUN = ["--dry-run", "show what would be sent, and send nothing"] as const

/**
 * The command tree. Only the command that was named is loaded, by `dispatch`.
 * `groupDefaults`: `alchemy auth` alone means `alchemy auth login`, `alchemy auth sessions` alone its list.
 */
export function createProgram(options: {
  dispatch: (invocation: Invocation) => Promise<void>
  write: (text: string) => void
  width: number | undefined
  groupDefaults: boolean
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
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 10,
      subcommandTerm: (command) => command.name() + command.usage().replace("[options]", "").trimEnd(),
    })
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
    .option("--profile <name>", "use this profile: its server, its sign-in, its app")

  const group = (name: string, description: string, fill: (group: Program) => void) => {
    const command = program.command(name).description(description)
    if (options.isNamed(name)) fill(command)
  }
  const add = (
    parent: Program,
    usage: string,
    description: string,
    load: Invocation["load"],
    more: {
      flags?: readonly (readonly [string, string])[]
      isDefault?: boolean
      hidden?: boolean
      offline?: boolean
    } = {},
  ) => {
    const { isDefault = false, hidden = false } = more
    const command = parent.command(usage, { isDefault, hidden }).description(description)
    for (const [flags, text] of more.flags ?? []) command.option(flags, text)
    command.action(() =>
      options.dispatch({
        load,
        operands: [...command.args],
        raw: command.optsWithGlobals(),
        ...(more.offline ? { offline: true } : {}),
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
        isDefault: options.groupDefaults,
        flags: [
          ["--force", "sign in anew; the old session is ended once the new one works"],
          ["-y, --yes", "open the browser without asking"],
          ["--no-browser", "never open the browser; show the address only"],
          ["--device", "sign in by a code that is approved on any device"],
          ["--with-token", "store a token that is given on stdin"],
          ["--complete <handle>", "finish a sign-in that was begun with --no-interactive"],
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
        flags: [
          ["--all", "end every session of the account"],
          ["--others", "end every session but this one, and stay signed in"],
          ["--strict", "exit 6 where the server could not be reached"],
        ],
      },
    )
    const sessions = auth.command("sessions").description("every machine that is signed in")
    add(
      sessions,
      "list",
      "list them, as `alchemy auth sessions` alone does",
      () => import("./commands/auth/sessions/list.ts"),
      { isDefault: options.groupDefaults },
    )
    add(sessions, "revoke <id>", "end one", () => import("./commands/auth/sessions/revoke.ts"), {
      flags: [["-y, --yes", "end this machine's own session without asking"], DRY_RUN],
    })
    add(auth, "token", "print the token, for scripts", () => import("./commands/auth/token.ts"))
    add(
      auth,
      "switch [account]",
      "use another profile in this directory",
      () => import("./commands/auth/switch.ts"),
      { flags: [["--default", "use it wherever no directory, flag or variable names one"]] },
    )
    add(
      auth,
      "why",
      "which credential commands use, from where, and what it shadows",
      () => import("./commands/auth/why.ts"),
    )
    add(
      auth,
      "doctor",
      "look for what keeps sign-in from working",
      () => import("./commands/auth/doctor.ts"),
      {
        flags: [
          ["--fix", "mend what can be mended"],
          ["--offline", "ask no server"],
        ],
        // It looks before anything is touched, and brings sign-outs to their servers itself.
        offline: true,
      },
    )
    add(
      auth,
      "revoke",
      "end a leaked token that is given on stdin",
      () => import("./commands/auth/revoke.ts"),
    )
    add(auth, "deliver", "bring sign-outs to their servers", () => import("./commands/auth/deliver.ts"), {
      hidden: true,
      offline: true,
    })
  })

  group("apps", "the account's apps", (apps) => {
    add(apps, "list", "list the apps", () => import("./commands/apps/list.ts"), {
      flags: [
        ["--limit <n>", "how many a page, 1 to 100"],
        ["--cursor <cursor>", "the page after this cursor"],
        ["--all", "every page"],
      ],
    })
    add(apps, "get [id]", "show one app, or the selected one", () => import("./commands/apps/get.ts"))
    add(
      apps,
      "select [id]",
      "choose the app that commands work on",
      () => import("./commands/apps/select.ts"),
    )
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
    add(
      apps,
      "networks [id]",
      "show or change an app's chain networks",
      () => import("./commands/apps/networks.ts"),
      {
        flags: [
          ["--set <ids>", "these and no others, separated by commas"],
          ["--add <ids>", "these too"],
          ["--remove <ids>", "not these"],
          DRY_RUN,
        ],
      },
    )
    for (const [list, what] of ALLOWLIST_COMMANDS) {
      add(
        apps,
        `${list} [id]`,
        `show or change which ${what} may use an app`,
        async () => ({ command: (await import("./commands/apps/allowlist.ts")).allowlistCommand(list) }),
        {
          flags: [
            ["--set <entries>", "these and no others: value or name=value, separated by commas"],
            ["--add <entries>", "these too"],
            ["--remove <values>", "not these"],
            ["--clear", "none: everybody may"],
            DRY_RUN,
          ],
        },
      )
    }
    add(apps, "chains", "list the chain networks", () => import("./commands/apps/chains.ts"))
  })

  group("access-keys", "keys for machines that no person sits at", (keys) => {
    add(keys, "list", "list the keys", () => import("./commands/access-keys/list.ts"))
    add(keys, "create", "create a key; it is shown once", () => import("./commands/access-keys/create.ts"), {
      flags: [
        ["--name <name>", "what it is for"],
        ["--scopes <scopes>", "what it may do, separated by commas; else all that you may"],
        ["--expires-in <duration>", "90d, 12h, 30m or seconds; else it lives until it is deleted"],
        DRY_RUN,
      ],
    })
    add(keys, "delete <id>", "delete a key", () => import("./commands/access-keys/delete.ts"), {
      flags: [["-y, --yes", "delete without asking"], DRY_RUN],
    })
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

  add(
    program,
    "completions <shell>",
    "print the completion script for bash, zsh or fish",
    () => import("./commands/completions.ts"),
    { offline: true },
  )
  add(
    program,
    "complete [words...]",
    "what could come next, for the completion scripts",
    () => import("./commands/complete.ts"),
    { hidden: true, offline: true },
  )
  add(
    program,
    "update-check",
    "whether there is a newer version",
    () => import("./commands/update-check.ts"),
    { flags: [["--force", "ask the registry, whatever was asked before"]] },
  )
  add(
    program,
    "agent-prompt",
    "one JSON document for programs: every command, argument, code and what to do about it",
    () => import("./commands/agent-prompt.ts"),
    { offline: true },
  )
  add(program, "version", "show the version", () => import("./commands/version.ts"))
  return program
}
