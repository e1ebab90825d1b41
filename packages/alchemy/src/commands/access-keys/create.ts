import { type AccessKeyCreated, CreateAccessKeyRequest } from "@authchemy/protocol"
import * as v from "valibot"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import { mayHaveBeenMade } from "../../admin/may-have-been-made.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { durationInSeconds, listFlag, type RawFlags, textFlag } from "../../flags.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { fields } from "../../output/table.ts"
import { moment } from "../../output/time.ts"
import { dryRun } from "../apps/dry-run.ts"
import { scopesText } from "./list.ts"

export type CreateOptions = { accessKey: CreateAccessKeyRequest; dryRun: boolean }

export const command: Command<CreateOptions> = { parse: parseCreate, run: createRun }

const FLAGS: Readonly<Record<string, string>> = {
  name: "--name",
  scopes: "--scopes",
  expiresInSeconds: "--expires-in",
}

function parseCreate(_operands: readonly string[], raw: RawFlags): CreateOptions {
  const scopes = listFlag(raw.scopes, "--scopes")
  const expiresInSeconds = durationInSeconds(raw.expiresIn, "--expires-in")
  const accessKey = v.safeParse(CreateAccessKeyRequest, {
    name: textFlag(raw.name, "--name"),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  })
  if (accessKey.success) return { accessKey: accessKey.output, dryRun: raw.dryRun === true }
  const [issue] = accessKey.issues
  const flag = FLAGS[String(issue.path?.[0].key)] ?? "A flag"
  const missing = issue.received === "undefined"
  throw new CLIError("INVALID_ARGS", missing ? `${flag} is required.` : `${flag} ${issue.message}.`, {
    hint: "For example: alchemy access-keys create --name ci --scopes apps:read --expires-in 90d",
  })
}

/** Creates an access key. Its secret is in the result, this once and never again. */
export async function createRun(options: CreateOptions, context: CommandContext): Promise<Result> {
  const { accessKey } = options
  if (options.dryRun) return dryRun({ method: "POST", path: "/v1/access-keys", body: accessKey }, context)
  const client = await adminClientFromFlags(context)
  const created = await client
    .createAccessKey(accessKey)
    .catch(mayHaveBeenMade("The key", "alchemy access-keys list"))
  return { data: created, text: (style) => createdText(created, context.now(), style) }
}

function createdText(created: AccessKeyCreated, now: number, style: Style): string {
  const { id, name, scopes, expiresAt } = created
  return [
    `${style.green("✓")} Created the access key ${style.bold(printable(name))}. It is shown this once:\n\n`,
    `${printable(created.key)}\n\n`,
    fields(
      [
        ["id", id],
        ["scopes", scopesText(scopes)],
        ["expires", expiresAt === undefined ? "never" : moment(expiresAt, now)],
      ],
      style,
    ),
    "\nFor a job, set ALCHEMY_ACCESS_KEY to it. To keep it on a machine: `alchemy config set access-key`, which asks for it.\n",
  ].join("")
}
