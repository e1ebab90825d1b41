import { ALLOWLISTS, type Allowlist, AllowlistEntry, type App, sameAllowlistValue } from "@authchemy/protocol"
import * as v from "valibot"
import { adminClientFromFlags } from "../../admin/admin-client-from-flags.ts"
import type { Command, CommandContext, Result } from "../../command.ts"
import { CLIError } from "../../errors.ts"
import { printable } from "../../output/printable.ts"
import type { Style } from "../../output/style.ts"
import { table } from "../../output/table.ts"
import { appId } from "./app-view.ts"
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
export type AllowlistOptions = {
  id: string | undefined
  change: ListChange<AllowlistEntry> | null
  dryRun: boolean
}

const PLURALS: Readonly<Record<Allowlist, string>> = {
  "address-allowlist": "addresses",
  "origin-allowlist": "origins",
  "ip-allowlist": "IP addresses",
}

/** The command of one allow-list. What an entry must be, the server says. */
export function allowlistCommand(list: Allowlist): Command<AllowlistOptions> {
  const kind = entryKind(list)
  return {
    parse: ([id], raw) => ({
      id: id === undefined ? undefined : appId(id),
      change: listChangeFrom(raw, kind),
      dryRun: raw.dryRun === true,
    }),
    run: (options, context) => allowlistRun({ list, kind }, options, context),
  }
}

/** `value` or `name=value`. A name is kept where an entry is added again without one. */
function entryKind(list: Allowlist): EntryKind<AllowlistEntry> {
  const field = ALLOWLISTS[list]
  return {
    parse(text, flag) {
      const [, name, value = ""] = /^(?:([^=]*)=)?(.*)$/s.exec(text) ?? []
      const fields = { ...(name === undefined ? {} : { name: name.trim() }), value: value.trim() }
      const entry = v.safeParse(AllowlistEntry, fields)
      if (entry.success) return entry.output
      const [issue] = entry.issues
      const part = String(issue.path?.[0].key)
      throw new CLIError("INVALID_ARGS", `${flag}: the ${part} in ${printable(text, 80)} ${issue.message}.`, {
        hint: "An entry is a value, or name=value.",
      })
    },
    show: ({ value }) => value,
    key: ({ value }) => sameAllowlistValue(field, value) ?? value,
    merge: (there, added) => (added.name === undefined ? there : added),
  }
}

/** Who may use an app, or who may after a change. */
export function allowlistRun(
  { list, kind }: { list: Allowlist; kind: EntryKind<AllowlistEntry> },
  options: AllowlistOptions,
  context: CommandContext,
): Promise<Result> {
  const { change } = options
  const field = ALLOWLISTS[list]
  return onApp(options.id, context, async (id) => {
    const request = (entries: AllowlistEntry[]) =>
      ({ method: "PUT", path: `/v1/apps/${id}/${list}`, body: { [field]: entries } }) as const
    if (options.dryRun && change !== null && "set" in change) return dryRun(request(change.set), context)
    const client = await adminClientFromFlags(context)
    if (change === null) return allowlistResult(list, await client.getApp(id), null)
    const isWhole = "set" in change
    const changeOf = async (app: App, tag: string | null) => {
      const before = app[field] ?? []
      const changed = changedList(before, change, kind)
      if (!isWhole) requireStillClosed(before, changed.after, `alchemy apps ${list} ${id}`)
      if (options.dryRun) return dryRun(request(changed.after), context, { hasRead: true })
      if (!changed.changed) return allowlistResult(list, app, changed)
      const current = await client.setAllowlist(id, list, changed.after, tag).catch((error: unknown) => {
        throw refusedEntry(error, field, changed.after)
      })
      return allowlistResult(list, current, changed)
    }
    return isWhole ? changeOf(await client.getApp(id), null) : changeAsRead(client, id, changeOf, context)
  })
}

/** The server names entries by their places in the list; people know them by their values. Other errors come back as they are. */
function refusedEntry(error: unknown, field: string, entries: readonly AllowlistEntry[]): unknown {
  return listRefused(error, {
    said: (message) =>
      message.replace(new RegExp(`\\b${field}\\.(\\d+)(?:\\.\\w+)?`, "g"), (named, place) => {
        const entry = entries[Number(place)]
        return entry === undefined ? named : printable(entry.value, 80)
      }),
    shorter:
      "Use fewer entries or shorter names: a range (203.0.113.0/24) or a wildcard (https://*.example.com) stands for many.",
  })
}

/** Taking the last entry off lets everybody in, which is hardly what was meant. @throws CLIError `INVALID_ARGS` */
function requireStillClosed(before: readonly unknown[], after: readonly unknown[], command: string): void {
  if (before.length === 0 || after.length > 0) return
  throw new CLIError(
    "INVALID_ARGS",
    "This would remove the last entry, and an empty list lets everybody in.",
    { hint: `If everybody is to be let in: ${command} --clear` },
  )
}

function allowlistResult(list: Allowlist, app: App, change: ChangedList<AllowlistEntry> | null): Result {
  const field = ALLOWLISTS[list]
  const { id, name, [field]: entries = [] } = app
  return {
    data: { id, name, [field]: entries, everybody: entries.length === 0, ...changeData(change) },
    text: (style) => {
      const what = `The ${PLURALS[list]} that may use ${style.bold(printable(name))} (${printable(id)})`
      return [
        change === null ? "" : changeText(what, change, entryText, style),
        entries.length === 0
          ? `Everybody may use ${style.bold(printable(name))} (${printable(id)}): its list of ${PLURALS[list]} is empty.\n`
          : `${change === null ? `${what}:\n\n` : ""}${entriesText(entries, style)}`,
      ].join("")
    },
  }
}

function entryText({ name, value }: AllowlistEntry): string {
  return name === undefined ? value : `${name} (${value})`
}

function entriesText(entries: readonly AllowlistEntry[], style: Style): string {
  const headings = entries.some(({ name }) => name !== undefined) ? ["VALUE", "NAME"] : ["VALUE"]
  return table(
    headings,
    entries.map(({ name, value }) => [value, name]),
    style,
  )
}
