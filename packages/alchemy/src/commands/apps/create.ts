import { CreateAppRequest } from "@authchemy/protocol"
import * as v from "valibot"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import { mayHaveBeenMade } from "../../admin/may-have-been-made.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { listFlag, textFlag } from "../../flags.ts"
import { printable } from "../../output/printable.ts"
import { appText, shownApp } from "./app-view.ts"
import { dryRun } from "./dry-run.ts"

export type CreateOptions = { app: CreateAppRequest; dryRun: boolean }

export const command: Command<CreateOptions> = { parse: parseCreate, run: createRun }

const FLAGS: Readonly<Record<string, string>> = {
  name: "--name",
  chainNetworks: "--networks",
  description: "--description",
  products: "--products",
}

function parseCreate(_operands: readonly string[], raw: Readonly<Record<string, unknown>>): CreateOptions {
  const description = textFlag(raw.description, "--description")
  const products = listFlag(raw.products, "--products")
  const app = v.safeParse(CreateAppRequest, {
    name: textFlag(raw.name, "--name"),
    chainNetworks: listFlag(raw.networks, "--networks"),
    ...(description === undefined ? {} : { description }),
    ...(products === undefined ? {} : { products }),
  })
  if (app.success) return { app: app.output, dryRun: raw.dryRun === true }
  const [issue] = app.issues
  const flag = FLAGS[String(issue.path?.[0].key)] ?? "A flag"
  const missing = issue.received === "undefined"
  throw new CLIError("INVALID_ARGS", missing ? `${flag} is required.` : `${flag} ${issue.message}.`, {
    hint: "For example: alchemy apps create --name demo --networks ETH_MAINNET. `alchemy apps chains` lists the networks.",
  })
}

/** Creates an app. */
export async function createRun(options: CreateOptions, context: CommandContext): Promise<Result> {
  if (options.dryRun) return dryRun({ method: "POST", path: "/v1/apps", body: options.app }, context)
  const client = await adminClientFromFlags(context)
  const created = await client
    .createApp(options.app)
    .catch(refusedInFlags)
    .catch(mayHaveBeenMade("The app", "alchemy apps list"))
  const app = shownApp(created, context.flags.reveal)
  const next = await selectCommand(app.id, context)
  return {
    data: app,
    text: (style) =>
      [
        `${style.green("✓")} Created ${appText(app, style)}`,
        next === null ? "" : `\n  Next: ${style.bold(next)}\n`,
      ].join(""),
  }
}

/** The server names the fields of its request; people know the flags. */
function refusedInFlags(error: unknown): never {
  if (!(error instanceof CLIError) || error.status !== 400) throw error
  const { code, message, status } = error
  const said = message.replace(/^\w+(?=[.:])/, (field) => FLAGS[field] ?? field)
  throw new CLIError(code, said, {
    hint: "`alchemy apps chains` lists the networks.",
    status,
    cause: error,
  })
}

/** What lets commands work on the app from now on; `null` where one is selected already. */
async function selectCommand(id: string, context: CommandContext): Promise<string | null> {
  const config = await context.config()
  if ((await config.values()).app) return null
  const { name, origin } = config.profile
  return `alchemy apps select ${printable(id)}${origin === "--profile" ? ` --profile ${name}` : ""}`
}
