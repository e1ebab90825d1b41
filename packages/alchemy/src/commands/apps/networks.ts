import { type App, AppNetworksRequest } from "@authchemy/protocol"
import * as v from "valibot"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { appId, chainsText, shownApp } from "./app-view.ts"
import { changeAsRead } from "./change-as-read.ts"
import { changeData, changeText } from "./change-view.ts"
import { dryRun } from "./dry-run.ts"
import {
  type ChangedList,
  changedList,
  type EntryKind,
  type ListChange,
  listChangeFrom,
} from "./list-change.ts"
import { listRefused } from "./list-refused.ts"
import { onApp } from "./selected-app.ts"

/** `change`: `null` shows what there is. */
export type NetworksOptions = { id: string | undefined; change: ListChange<string> | null; dryRun: boolean }

export const command: Command<NetworksOptions> = {
  parse: ([id], raw) => ({
    id: id === undefined ? undefined : appId(id),
    change: listChangeFrom(raw, NETWORK),
    dryRun: raw.dryRun === true,
  }),
  run: networksRun,
}

const NETWORK: EntryKind<string> = {
  parse: (text) => text,
  show: (id) => id,
  key: (id) => id,
  merge: (there) => there,
}

/** The chain networks of an app, or what they are after a change. */
export function networksRun(options: NetworksOptions, context: CommandContext): Promise<Result> {
  const { change } = options
  return onApp(options.id, context, async (id) => {
    const request = (chainNetworks: string[]) =>
      ({ method: "PUT", path: `/v1/apps/${id}/networks`, body: { chainNetworks } }) as const
    if (options.dryRun && change !== null && "set" in change) {
      return dryRun(request(sendable(change.set)), context)
    }
    const client = await adminClientFromFlags(context)
    if (change === null) return networksResult(await client.getApp(id), null, context)
    const changeOf = async (app: App, tag: string | null) => {
      const before = app.chainNetworks.map((network) => network.id)
      const changed = changedList(before, change, NETWORK)
      const after = changed.changed ? sendable(changed.after) : before
      if (options.dryRun) return dryRun(request(after), context, { hasRead: true })
      if (!changed.changed) return networksResult(app, changed, context)
      const current = await client.setNetworks(id, after, tag).catch((error: unknown) => {
        throw refusedNetworks(error, change)
      })
      return networksResult(current, changed, context)
    }
    return "set" in change
      ? changeOf(await client.getApp(id), null)
      : changeAsRead(client, id, changeOf, context)
  })
}

/** What the server takes as the networks of an app. @throws CLIError `INVALID_ARGS` */
function sendable(chainNetworks: string[]): string[] {
  if (chainNetworks.length === 0) {
    throw new CLIError("INVALID_ARGS", "An app has at least one network, and this would remove the last.", {
      hint: "Add another in the same step with --add. `alchemy apps chains` lists the networks.",
    })
  }
  const body = v.safeParse(AppNetworksRequest, { chainNetworks })
  if (body.success) return chainNetworks
  throw new CLIError("INVALID_ARGS", `The networks of an app ${body.issues[0].message}.`)
}

/** The server names the field of its request; people know the flag, which is not at fault where the app had the network before. */
function refusedNetworks(error: unknown, change: ListChange<string>): unknown {
  return listRefused(error, {
    said: (message) => {
      const isGiven = "set" in change || change.add.some((id) => message.includes(JSON.stringify(id)))
      const given = "set" in change ? "--set" : "--add"
      return message.replace(/^chainNetworks(?:\.\d+)?(?=:)/, isGiven ? given : "The app's networks")
    },
    hint: "`alchemy apps chains` lists the networks.",
    shorter: "Use fewer networks.",
  })
}

function networksResult(app: App, change: ChangedList<string> | null, context: CommandContext): Result {
  const { id, name, chainNetworks } = shownApp(app, context.flags.reveal)
  const whose = (style: Style) => `${style.bold(printable(name))} (${printable(id)})`
  return {
    data: { id, name, chainNetworks, ...changeData(change) },
    text: (style) =>
      [
        change === null
          ? `${whose(style)}\n`
          : changeText(`The networks of ${whose(style)}`, change, (network) => network, style),
        chainsText(chainNetworks, style),
      ].join(""),
  }
}
