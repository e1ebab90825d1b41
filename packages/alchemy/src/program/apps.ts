import { type CommandNode, command, DRY_RUN } from "./tree.ts"

const ALLOWLIST_COMMANDS = [
  ["address-allowlist", "addresses"],
  ["origin-allowlist", "origins"],
  ["ip-allowlist", "IP addresses"],
] as const

/** `alchemy apps …` */
export function appsCommands(): CommandNode[] {
  return [
    command("list", "list the apps", () => import("../commands/apps/list.ts"), {
      flags: [
        ["--limit <n>", "how many a page, 1 to 100"],
        ["--cursor <cursor>", "the page after this cursor"],
        ["--all", "every page"],
      ],
    }),
    command("get [id]", "show one app, or the selected one", () => import("../commands/apps/get.ts")),
    command(
      "select [id]",
      "choose the app that commands work on",
      () => import("../commands/apps/select.ts"),
    ),
    command("create", "create an app", () => import("../commands/apps/create.ts"), {
      flags: [
        ["--name <name>", "its name"],
        ["--networks <ids>", "its chain networks, separated by commas"],
        ["--description <text>", "what it is for"],
        ["--products <names>", "products, separated by commas"],
        DRY_RUN,
      ],
    }),
    command(
      "update <id>",
      "change an app's name or description",
      () => import("../commands/apps/update.ts"),
      {
        flags: [["--name <name>", "its new name"], ["--description <text>", "its new description"], DRY_RUN],
      },
    ),
    command("delete <id>", "delete an app", () => import("../commands/apps/delete.ts"), {
      flags: [["-y, --yes", "delete without asking"], DRY_RUN],
    }),
    command(
      "networks [id]",
      "show or change an app's chain networks",
      () => import("../commands/apps/networks.ts"),
      {
        flags: [
          ["--set <ids>", "these and no others, separated by commas"],
          ["--add <ids>", "these too"],
          ["--remove <ids>", "not these"],
          DRY_RUN,
        ],
      },
    ),
    ...ALLOWLIST_COMMANDS.map(([list, what]) =>
      command(
        `${list} [id]`,
        `show or change which ${what} may use an app`,
        async () => ({ command: (await import("../commands/apps/allowlist.ts")).allowlistCommand(list) }),
        {
          flags: [
            ["--set <entries>", "these and no others: value or name=value, separated by commas"],
            ["--add <entries>", "these too"],
            ["--remove <values>", "not these"],
            ["--clear", "none: everybody may"],
            DRY_RUN,
          ],
        },
      ),
    ),
    command("chains", "list the chain networks", () => import("../commands/apps/chains.ts")),
  ]
}
