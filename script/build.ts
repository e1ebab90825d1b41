// Builds the package of the working directory into its `dist`, its siblings first. Run by `npm pack` (prepack).
import { execFileSync } from "node:child_process"
import { chmodSync, copyFileSync, cpSync, existsSync, readFileSync, rmSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { bundle } from "./bundle.ts"

const root = resolve(import.meta.dirname, "..")
const FOLDERS: Record<string, string> = {
  "@authchemy/protocol": "protocol",
  "@authchemy/tokens": "tokens",
  "@authchemy/cli-sign-in": "cli-sign-in",
  authchemy: "authchemy",
  "@authchemy/alchemy": "alchemy",
}

type Manifest = {
  bin?: Record<string, string>
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest

/** JavaScript and types with `tsc`; siblings are resolved to what they publish, so they are built before. */
function compile(folder: string) {
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {})) {
    const sibling = FOLDERS[name]
    if (sibling !== undefined) compile(join(root, "packages", sibling))
  }
  rmSync(join(folder, "dist"), { recursive: true, force: true })
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
    cwd: folder,
    stdio: "inherit",
  })
  copyAssets(join(folder, "src/assets"), join(folder, "dist/assets"))
}

/** What pages load is served as it was written. */
function copyAssets(from: string, to: string) {
  if (!existsSync(from)) return
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith("tsconfig.json") })
}

const folder = process.cwd()
if (dirname(folder) !== join(root, "packages") || !existsSync(join(folder, "package.json"))) {
  throw new Error(`not a package of this workspace: ${folder}`)
}
if (existsSync(join(folder, "tsconfig.build.json"))) compile(folder)
else {
  const { dependencies, optionalDependencies } = manifestOf(folder)
  await bundle(folder, Object.keys({ ...dependencies, ...optionalDependencies }))
}
for (const file of Object.values(manifestOf(folder).bin ?? {})) chmodSync(join(folder, file), 0o755)
copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"))
