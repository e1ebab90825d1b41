import { appsCommands } from "./program/apps.ts"
import { authCommands } from "./program/auth.ts"
import { type CommandNode, command, DRY_RUN, group } from "./program/tree.ts"

/** All there is below `alchemy`. No command is loaded yet. */
export function commandNodes(): CommandNode[] {
  return [
    group("auth", "sign in, sign out, and who is signed in", authCommands()),
    group("apps", "the account's apps", appsCommands()),
    group("access-keys", "keys for machines that no person sits at", [
      command("list", "list the keys", () => import("./commands/access-keys/list.ts")),
      command("create", "create a key; it is shown once", () => import("./commands/access-keys/create.ts"), {
        flags: [
          ["--name <name>", "what it is for"],
          ["--scopes <scopes>", "what it may do, separated by commas; else all that you may"],
          ["--expires-in <duration>", "90d, 12h, 30m or seconds; else it lives until it is deleted"],
          DRY_RUN,
        ],
      }),
      command("delete <id>", "delete a key", () => import("./commands/access-keys/delete.ts"), {
        flags: [["-y, --yes", "delete without asking"], DRY_RUN],
      }),
    ]),
    group("config", "settings of this machine", [
      command(
        "set <key> [value]",
        "store a value; - reads it from stdin",
        () => import("./commands/config/set.ts"),
      ),
      command("get <key>", "show a value", () => import("./commands/config/get.ts")),
      command("list", "show all values", () => import("./commands/config/list.ts")),
      command("reset [key]", "remove a value, or all", () => import("./commands/config/reset.ts"), {
        flags: [["-y, --yes", "reset all without asking"]],
      }),
      command("path", "show where they are kept", () => import("./commands/config/path.ts")),
    ]),
    group("setup", "what is set up on this machine", [
      command("status", "what is set up, and the next step", () => import("./commands/setup/status.ts")),
    ]),
    command(
      "completions <shell>",
      "print the completion script for bash, zsh or fish",
      () => import("./commands/completions.ts"),
      { offline: true },
    ),
    command(
      "complete [words...]",
      "what could come next, for the completion scripts",
      () => import("./commands/complete.ts"),
      { hidden: true, offline: true },
    ),
    command("update-check", "whether there is a newer version", () => import("./commands/update-check.ts"), {
      flags: [["--force", "ask the registry, whatever was asked before"]],
    }),
    command(
      "agent-prompt",
      "one JSON document for programs: every command, argument, code and what to do about it",
      () => import("./commands/agent-prompt.ts"),
      { offline: true },
    ),
    command("version", "show the version", () => import("./commands/version.ts")),
  ]
}
