import { DRY_RUN, type Program, type Tree } from "./tree.ts"

const ALLOWLIST_COMMANDS = [
  ["address-allowlist", "addresses"],
  ["origin-allowlist", "origins"],
  ["ip-allowlist", "IP addresses"],
] as const

/** `alchemy apps …` */
export function addApps(apps: Program, { add }: Tree): void {
  add(apps, "list", "list the apps", () => import("../commands/apps/list.ts"), {
    flags: [
      ["--limit <n>", "how many a page, 1 to 100"],
      ["--cursor <cursor>", "the page after this cursor"],
      ["--all", "every page"],
    ],
  })
  add(apps, "get [id]", "show one app, or the selected one", () => import("../commands/apps/get.ts"))
  add(apps, "select [id]", "choose the app that commands work on", () => import("../commands/apps/select.ts"))
  add(apps, "create", "create an app", () => import("../commands/apps/create.ts"), {
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
    () => import("../commands/apps/update.ts"),
    {
      flags: [["--name <name>", "its new name"], ["--description <text>", "its new description"], DRY_RUN],
    },
  )
  add(apps, "delete <id>", "delete an app", () => import("../commands/apps/delete.ts"), {
    flags: [["-y, --yes", "delete without asking"], DRY_RUN],
  })
  add(
    apps,
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
  )
  for (const [list, what] of ALLOWLIST_COMMANDS) {
    add(
      apps,
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
    )
  }
  add(apps, "chains", "list the chain networks", () => import("../commands/apps/chains.ts"))
}
