// Prints what a part has found out, and keeps it where BENCH_OUT says.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, release, totalmem, type } from "node:os"
import { markdown, type Table } from "./tables.ts"

/** What BENCH_OUT holds: of each part, when and where it was measured, and its tables. */
export type Results = Record<string, { measuredAt: string; machine: string; tables: Table[] }>

/**
 * Prints tables, and puts them into the JSON file that BENCH_OUT names, in the place of what the same part has found out before; other parts' results in it
 * stay.
 */
export function publish(part: string, tables: Table[]): void {
  for (const table of tables) console.log(markdown(table))
  const path = process.env.BENCH_OUT
  if (path === undefined || path === "") return
  const results = existsSync(path) ? readResults(path) : {}
  results[part] = { measuredAt: new Date().toISOString(), machine: machine(), tables }
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`)
}

/** Reads what `publish` wrote. */
export function readResults(path: string): Results {
  return JSON.parse(readFileSync(path, "utf8")) as Results
}

function machine(): string {
  const [cpu] = cpus()
  const redis = /v=(\S+)/.exec(execFileSync("redis-server", ["--version"]).toString())?.[1]
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`
  const system = `${type()} ${release().split(".").slice(0, 2).join(".")}`
  return [
    `${cpus().length} × ${cpu?.model}`,
    memory,
    system,
    `Node ${process.version}`,
    `Redis ${redis}`,
  ].join(", ")
}
