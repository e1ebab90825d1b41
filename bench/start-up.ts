// Whole-process time of the packed command against `node -e 0` on the same Node.
import { execFileSync, spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { machinePath, temporaryDirectory } from "../e2e/processes.ts"
import { publish } from "./results.ts"
import { inTurn, median } from "./statistics.ts"
import { atMost } from "./tables.ts"

const ROUNDS = Number(process.env.BENCH_START_ROUNDS ?? 40)
const root = resolve(import.meta.dirname, "..")
const temporary = await temporaryDirectory("start-up")
try {
  const npm = (...args: string[]) =>
    execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: temporary.path,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, PATH: machinePath },
    })
  npm("pack", join(root, "packages/alchemy"), "--pack-destination", temporary.path)
  const [tarball = ""] = readdirSync(temporary.path).filter((name) => name.endsWith(".tgz"))
  npm("init", "--yes")
  npm("install", join(temporary.path, tarball))

  const bin = join(temporary.path, "node_modules/@authchemy/alchemy/dist/bin.js")
  const env = { PATH: process.env.PATH ?? "", HOME: temporary.path, NODE_COMPILE_CACHE_PORTABLE: "1" }
  const time = (args: string[], expected: number) => {
    const started = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { env })
    const ms = performance.now() - started
    if (status !== expected) throw new Error(`${args.join(" ")}: exit ${status} ${stderr}`)
    return ms
  }
  const contenders = {
    "`node -e 0`": () => time(["-e", "0"], 0),
    "`alchemy --version`": () => time([bin, "--version"], 0),
    "`alchemy auth status --offline --json`": () => time([bin, "auth", "status", "--offline", "--json"], 3),
  }
  await inTurn(3, contenders)
  const figures = await inTurn(ROUNDS, contenders)
  const [floor = []] = Object.values(figures)
  const rows = Object.entries(figures).map(([name, values]) => ({
    ...{ name, values },
    aims: name.includes("status") ? [atMost(1.35, median(values) / median(floor), "ratio")] : [],
  }))
  const packages = execFileSync("npm", ["ls", "--all", "--parseable"], { cwd: temporary.path }).toString()
  const size = execFileSync("du", ["-sk", join(temporary.path, "node_modules")]).toString()
  publish("start-up", [
    { kind: "comparison", title: "Start-up of the packed command", unit: "ms", rows },
    {
      ...{ kind: "facts", title: "Size of the installed command" },
      rows: [
        { name: "packages", value: packages.trim().split("\n").length - 1, unit: "", aims: [] },
        { name: "on disk", value: Number.parseInt(size, 10) / 1024, unit: "MB", aims: [] },
      ],
    },
  ])
} finally {
  await temporary.remove()
}
