import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type BuildOptions, build, type Plugin } from "esbuild"

/**
 * Bundles the command of a package into `dist`: `bin.js`, which turns Node's compile cache on, and `process.js`, which holds all else. One file
 * is read faster than many, and what a command does not use is not run. The package's own dependencies stay outside.
 * @param folder the package
 * @param external names of packages that are installed beside it
 */
export async function bundle(folder: string, external: string[]): Promise<void> {
  const dist = join(folder, "dist")
  rmSync(dist, { recursive: true, force: true })
  const shared: BuildOptions = {
    absWorkingDir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["authchemy-source"],
    minify: true,
    outdir: dist,
    metafile: true,
  }
  await build({ ...shared, entryPoints: ["src/bin.ts"], plugins: [processApart] })
  const { metafile } = await build({
    ...shared,
    entryPoints: ["src/process.ts"],
    external,
    plugins: [builtinsOnDemand],
    legalComments: "none",
  })
  writeFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), licensesOf(Object.keys(metafile?.inputs ?? {})))
}

/** Leaves `./process.ts` out of `bin.js`, so that it is loaded when the compile cache is on. */
const processApart: Plugin = {
  name: "process apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/process\.ts$/ }, () => ({ path: "./process.js", external: true }))
  },
}

/**
 * Takes built-in modules from `process.getBuiltinModule` when the code that imports them first runs. A static `import` would evaluate them all
 * at start, with everything they export. Of `node:child_process`, which commander needs only for subcommands that are programs of their own, not
 * even that.
 */
const builtinsOnDemand: Plugin = {
  name: "built-in modules on demand",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:/ }, ({ kind, path, importer }) => {
      if (kind !== "import-statement") return undefined
      const unused = path === "node:child_process" && importer.includes("/commander/")
      return { path, namespace: unused ? "when-used" : "when-run", sideEffects: false }
    })
    onLoad({ filter: /./, namespace: "when-used" }, ({ path }) => ({
      contents: `export default new Proxy({}, { get: (_, name) => ${builtin(path)}[name] })`,
    }))
    onLoad({ filter: /./, namespace: "when-run" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) =>
        /^(?!default$)[A-Za-z_$][\w$]*$/.test(name),
      )
      const exports = names.map((name) => [`value_${name}`, `${builtin(path)}.${name}`, name] as const)
      return {
        contents: [
          `export default /* @__PURE__ */ (() => ${builtin(path)})()`,
          ...exports.map(([local, value]) => `const ${local} = /* @__PURE__ */ (() => ${value})()`),
          `export { ${exports.map(([local, , name]) => `${local} as ${name}`).join(", ")} }`,
        ].join("\n"),
      }
    })
  },
}

const builtin = (path: string) => `process.getBuiltinModule(${JSON.stringify(path)})`

/** The licences of the packages whose files went into a bundle. */
function licensesOf(inputs: string[]): string {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  )
  const texts = Array.from(folders, (folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined || !existsSync(join(folder, file)))
      throw new Error(`${name} comes without a licence`)
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`
  })
  return texts.toSorted().join(`\n${"-".repeat(80)}\n\n`)
}
