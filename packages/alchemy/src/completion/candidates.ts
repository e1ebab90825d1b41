import { SCOPES } from "@authchemy/protocol"
import type { CommandContext } from "../command.ts"
import { children, commandTree, type Node } from "../command-tree.ts"
import { openConfigFile } from "../config/file.ts"
import { CONFIG_KEYS } from "../config/schema.ts"
import { contextWith } from "../context.ts"
import { parseGlobalFlags } from "../flags.ts"
import { printable } from "../output/printable.ts"
import { flagsAt, type Position, positionIn } from "./position.ts"
import { SHELLS } from "./scripts.ts"
import { type ServerList, serverCandidates } from "./server-candidates.ts"

/** A word that could be typed, and what it is. */
export type Candidate = { value: string; description: string }

/** What a value is one of. */
type Kind = ServerList | "profiles" | "handles" | "keys" | "settable-keys" | "shells" | "scopes" | "lifetimes"

/** Words of these characters mean themselves in every shell, wherever they stand in a word. All others are left out. */
const PLAIN_WORD = /^[\w.:@+,=/-]{1,200}$/
const LONGEST_DESCRIPTION = 80

const FLAG_VALUES: Readonly<Record<string, { kind: Kind; list?: true }>> = {
  "--profile": { kind: "profiles" },
  "--networks": { kind: "networks", list: true },
  "--scopes": { kind: "scopes", list: true },
  "--expires-in": { kind: "lifetimes" },
  "--complete": { kind: "handles" },
  "apps networks --set": { kind: "networks", list: true },
  "apps networks --add": { kind: "networks", list: true },
  "apps networks --remove": { kind: "networks", list: true },
}

const OPERANDS: Readonly<Record<string, Kind>> = {
  "apps get": "apps",
  "apps select": "apps",
  "apps update": "apps",
  "apps delete": "apps",
  "apps networks": "apps",
  "apps address-allowlist": "apps",
  "apps origin-allowlist": "apps",
  "apps ip-allowlist": "apps",
  "access-keys delete": "access-keys",
  "auth sessions revoke": "sessions",
  "auth switch": "profiles",
  "config set": "settable-keys",
  "config get": "keys",
  "config reset": "keys",
  completions: "shells",
}

const CONFIG_VALUES: Readonly<Record<string, Kind | readonly string[]>> = {
  "credential-store": ["auto", "keychain", "file"],
  verbose: ["true", "false"],
  app: "apps",
  network: "networks",
  profile: "profiles",
}

/** What could stand in place of the last word. Words that a shell could read as more than a word are left out. */
export async function candidatesFor(words: readonly string[], context: CommandContext): Promise<Candidate[]> {
  const root = commandTree()
  if (words[0] === "help" && words.length > 1) {
    const { node, operands, typed } = positionIn(words.slice(1), root)
    return operands.length > 0 ? [] : offered(commandsBelow(node), typed)
  }
  const position = positionIn(words, root)
  const { node, flag, prefix, typed, operands } = position
  if (flag !== null) {
    const known = FLAG_VALUES[`${node.path.join(" ")} ${flag.long}`] ?? FLAG_VALUES[flag.long ?? ""]
    if (known === undefined) return []
    const values = await valuesOf(known.kind, position, context)
    return known.list ? offeredInList(values, prefix, typed) : offered(values, typed, prefix)
  }
  if (typed.startsWith("-")) return position.flagsPossible ? offered(flagsOf(position, root), typed) : []
  if (operands.length === 0 && children(node).length > 0) {
    const help = { value: "help", description: "show help for a command" }
    return offered([...commandsBelow(node), ...(node === root ? [help] : [])], typed)
  }
  return offered(await operandsOf(position, context), typed)
}

function commandsBelow(node: Node): Candidate[] {
  return children(node).map(({ command }) => ({ value: command.name(), description: command.description() }))
}

function flagsOf({ node, named }: Position, root: Node): Candidate[] {
  const help = { value: "--help", description: "show help" }
  const flags = flagsAt(node, root).filter((option) => !named.has(option))
  return [...flags.map(({ long, description }) => ({ value: long ?? "", description })), help]
}

async function operandsOf(position: Position, context: CommandContext): Promise<Candidate[]> {
  const { node, operands } = position
  const path = node.path.join(" ")
  const [first = ""] = operands
  if (path === "config set" && operands.length === 1) {
    const values = Object.hasOwn(CONFIG_VALUES, first) ? CONFIG_VALUES[first] : undefined
    if (values === undefined) return []
    return typeof values === "string" ? valuesOf(values, position, context) : values.map(plain)
  }
  const kind = Object.hasOwn(OPERANDS, path) ? OPERANDS[path] : undefined
  return kind === undefined || operands.length > 0 ? [] : valuesOf(kind, position, context)
}

const plain = (value: string): Candidate => ({ value, description: "" })

async function valuesOf(kind: Kind, { raw }: Position, context: CommandContext): Promise<Candidate[]> {
  if (kind === "shells") return SHELLS.map(plain)
  if (kind === "scopes") return SCOPES.filter((scope) => scope !== "offline_access").map(plain)
  if (kind === "lifetimes") return ["12h", "1d", "7d", "30d", "90d"].map(plain)
  if (kind === "keys" || kind === "settable-keys") {
    return CONFIG_KEYS.filter(({ managed }) => kind === "keys" || !managed).map(({ name, description }) => ({
      value: name,
      description,
    }))
  }
  // The profile, the server and the key are those that the command line names.
  const flags = parseGlobalFlags(raw, context)
  const asTyped = contextWith(context, { flags })
  const config = await openConfigFile(asTyped, () => {})
  if (kind === "handles") {
    return (await config.store.unfinishedSignIns()).flatMap((one) =>
      one.kind === "device" && one.handedOut !== undefined && !one.lost
        ? [{ value: one.id, description: `${one.handedOut.userCode} at ${one.server}` }]
        : [],
    )
  }
  if (kind !== "profiles") return serverCandidates(kind, config, asTyped)
  return Promise.all(
    (await config.profiles()).map(async ({ name, store }) => ({
      value: name,
      description: (await store.signIn())?.account?.email ?? "",
    })),
  )
}

function offered(candidates: readonly Candidate[], typed: string, prefix = ""): Candidate[] {
  return candidates.flatMap(({ value, description }) =>
    value.startsWith(typed) && PLAIN_WORD.test(value)
      ? [{ value: prefix + value, description: printable(description, LONGEST_DESCRIPTION) }]
      : [],
  )
}

/** Of a list that is separated by commas, its last entry is being typed. */
function offeredInList(candidates: readonly Candidate[], prefix: string, typed: string): Candidate[] {
  const at = typed.lastIndexOf(",") + 1
  const before = typed.slice(0, at)
  const taken = before.split(",")
  if (before !== "" && !PLAIN_WORD.test(before)) return []
  const left = candidates.filter(({ value }) => !taken.includes(value))
  return offered(left, typed.slice(at), prefix + before)
}
