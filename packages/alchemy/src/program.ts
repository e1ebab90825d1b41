import { Command as CommanderCommand } from "commander"
import { addApps } from "./program/apps.ts"
import { addAuth } from "./program/auth.ts"
import { DRY_RUN, type Invocation, type Program, type Tree } from "./program/tree.ts"

/**
 * The command tree. Only the command that was named is loaded, by `dispatch`.
 * `groupDefaults`: `alchemy auth` alone means `alchemy auth login`, `alchemy auth sessions` alone its list.
 */
export function createProgram(options: {
  dispatch: (invocation: Invocation) => Promise<void>
  write: (text: string) => void
  width: number | undefined
  groupDefaults: boolean
  /** Whether a word stands on the command line. What is not named there is left out: building all takes milliseconds. */
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
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace("[options]", "").trim()}`.trimEnd(),
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

  const group: Tree["group"] = (parent, name, description, fill) => {
    if (!options.isNamed(name)) return
    fill(parent.command(name).description(description))
  }
  const add: Tree["add"] = (parent, usage, description, load, more = {}) => {
    if (!options.isNamed(usage.split(" ", 1)[0] ?? "")) return
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

  const tree: Tree = { group, add, groupDefaults: options.groupDefaults }

  group(program, "auth", "sign in, sign out, and who is signed in", (auth) => addAuth(auth, tree))
  group(program, "apps", "the account's apps", (apps) => addApps(apps, tree))

  group(program, "access-keys", "keys for machines that no person sits at", (keys) => {
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

  group(program, "config", "settings of this machine", (config) => {
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

  group(program, "setup", "what is set up on this machine", (setup) => {
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
