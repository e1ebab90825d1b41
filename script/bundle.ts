import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, extname, join, relative, resolve } from "node:path"
import { type BuildOptions, build, type Loader, type Metafile, type Plugin } from "esbuild"
import { contentsByEntry, onDemand, partsToImport } from "./bundle-parts.ts"

const ENTRY = "src/process.ts"

/** What every start needs of what is imported on demand, and the command that is to start fastest. It is read with the start, in one file. */
const AT_START = ["src/config/file.ts", "src/commands/version.ts", "src/commands/auth/status.ts"]

/** Programs of their own that the command starts, from other packages of this workspace. */
const PROCESSES = ["../cli-sign-in/src/credentials/keychain-process.ts"]

/**
 * Bundles the command of a package into `dist`, all side by side: `bin.js`, which turns Node's compile cache on; a file with what every start
 * needs; a file for each other command, named as it is (`apps-list.js`); a file with what these share; and one for whatever
 * else is imported on demand. Few files are read faster than many, and what a command line does not need is not read. The package's own
 * dependencies stay outside.
 * @param folder the package
 * @param external names of packages that are installed beside it
 */
export async function bundle(folder: string, external: string[]): Promise<void> {
  const dist = join(folder, "dist")
  rmSync(dist, { recursive: true, force: true })
  const shared = {
    absWorkingDir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["authchemy-source"],
    minify: true,
    outdir: dist,
    metafile: true,
    external,
    legalComments: "none",
    chunkNames: "[name]-[hash]",
    // What is added so that it goes into one file is not there for its effects.
    logOverride: { "ignored-bare-import": "silent" },
  } satisfies BuildOptions
  const whole = await build({ ...shared, entryPoints: [ENTRY], write: false, plugins: [builtinsOnDemand] })
  const apart = await build({
    ...shared,
    entryPoints: [START, ...onDemand(whole.metafile)],
    write: false,
    plugins: [startEntry(folder), onDemandApart, builtinsOnDemand],
  })
  const contents = contentsByEntry(apart.metafile)
  const start = contents.get(`${START}:${START}`) ?? new Set()
  for (const file of [`${START}:${START}`, ...start]) contents.delete(file)
  const toImport = partsToImport(start, contents.set(ENTRY, new Set()))
  const commands = [...contents.keys()].filter((file) => file.startsWith("src/commands/"))
  const command = await build({
    ...shared,
    splitting: true,
    entryPoints: named([ENTRY, ...commands]),
    plugins: [inParts({ folder, start, toImport, inputs: whole.metafile.inputs }), builtinsOnDemand],
  })
  const entry = takeEntry(join(dist, "process.js"))
  await build({ ...shared, entryPoints: ["src/bin.ts"], plugins: [entryIs(entry)] })
  const processes = await build({
    ...shared,
    entryPoints: named(PROCESSES.filter((file) => existsSync(join(folder, file)))),
    plugins: [builtinsOnDemand],
  })
  const inputs = Object.keys({ ...command.metafile.inputs, ...processes.metafile.inputs })
  writeFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), licensesOf(inputs))
}

/** Each file by the name of what is made of it: `src/commands/apps/list.ts` by `apps-list`, others by their own. */
function named(files: string[]): Record<string, string> {
  return Object.fromEntries(
    files.map((file) => {
      const path = relative("src/commands", file)
      const name = path.startsWith("..") ? basename(file) : path.replaceAll(/[\\/]/g, "-")
      return [name.slice(0, -extname(name).length), file]
    }),
  )
}

const START = "start"

/** The entry `start`, which stands for all that every start needs. */
const startEntry = (folder: string): Plugin => ({
  name: "start entry",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^start$/ }, () => ({ path: START, namespace: START }))
    onLoad({ filter: /./, namespace: START }, () => ({
      contents: [ENTRY, ...AT_START]
        .map((file, index) => `export * as file${index} from "./${file}"`)
        .join("\n"),
      resolveDir: folder,
    }))
  },
})

/** Leaves out what is imported on demand. */
const onDemandApart: Plugin = {
  name: "on demand apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    )
  },
}

/** Adds to each entry the imports that make it share whole parts. Within the start, what is on demand is imported at once. */
function inParts(program: {
  folder: string
  start: ReadonlySet<string>
  toImport: ReadonlyMap<string, readonly string[]>
  inputs: Metafile["inputs"]
}): Plugin {
  const { folder, start, toImport, inputs } = program
  const specifier = (file: string) =>
    JSON.stringify(file.startsWith("when-run:") ? file.slice("when-run:".length) : resolve(folder, file))
  // Of the rest there is but one importer: a file of JSON, or what stands for a built-in module.
  const importable = (file: string) => /^when-run:|^[^: ]+$/.test(file)
  return {
    name: "in parts",
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.m?[jt]s$/, namespace: "file" }, ({ path }) => {
        const file = relative(folder, path)
        const added = (toImport.get(file) ?? [])
          .filter(importable)
          .map((other) => `import ${specifier(other)}`)
        let text = readFileSync(path, "utf8")
        const imports = start.has(file) ? (inputs[file]?.imports ?? []) : []
        for (const [index, { kind, path: other, original }] of imports.entries()) {
          if (kind !== "dynamic-import" || !start.has(other)) continue
          added.push(`import * as atOnce${index} from ${specifier(other)}`)
          const before = text
          text = text.replaceAll(`import(${JSON.stringify(original)})`, `Promise.resolve(atOnce${index})`)
          if (text === before) throw new Error(`${file} does not say import(${JSON.stringify(original)})`)
        }
        if (added.length === 0) return undefined
        return { contents: `${text}\n${added.join("\n")}`, loader: extname(path).slice(-2) as Loader }
      })
    },
  }
}

type Entry = { file: string; run: string }

/** Where `run` is, which the entry only passes on; the entry is removed: a file less to read. */
function takeEntry(path: string): Entry {
  const text = readFileSync(path, "utf8")
  const [, run, file] = /^import\{(\w+) as \w+\}from"([^"]+)";export\{\w+ as run\};\s*$/.exec(text) ?? []
  if (run === undefined || file === undefined)
    throw new Error(`not an entry that only passes \`run\` on: ${text.slice(0, 200)}`)
  rmSync(path)
  return { file, run }
}

/** Has `bin.js` take `run` from where it is, when the compile cache is on. */
const entryIs = ({ file, run }: Entry): Plugin => ({
  name: "entry apart",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\.\/process\.ts$/ }, () => ({ path: file, external: true }))
    onLoad({ filter: /bin\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8")
      const contents = text.replace("{ run }", `{ ${run}: run }`)
      if (contents === text) throw new Error(`${path} does not take { run } from its entry`)
      return { contents, loader: "ts" }
    })
  },
})

/** Built-in modules that take milliseconds to load. */
const SLOW = ["child_process", "crypto", "http", "https", "net", "stream", "timers/promises"].map(
  (name) => `node:${name}`,
)

/**
 * Takes built-in modules from `process.getBuiltinModule` when the code that imports them first runs. A static `import` would evaluate them all
 * at start, with everything they export. Slow ones are taken when one of their functions is first called; whether this runtime has such a function
 * is then a question for `process.getBuiltinModule`, not for the import.
 */
const builtinsOnDemand: Plugin = {
  name: "built-in modules on demand",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:/ }, ({ kind, path }) =>
      kind === "import-statement" ? { path, namespace: "when-run", sideEffects: false } : undefined,
    )
    onLoad({ filter: /./, namespace: "when-run" }, async ({ path }) => {
      const exported: Record<string, unknown> = await import(path)
      const names = Object.keys(exported).filter((name) => /^(?!default$)[A-Za-z_$][\w$]*$/.test(name))
      const slow = SLOW.includes(path)
      const value = (name: string) =>
        slow && typeof exported[name] === "function"
          ? `standIn(function () {}, () => ${builtin(path)}.${name})`
          : `(() => ${builtin(path)}.${name})()`
      return {
        contents: [
          slow ? STAND_IN : "",
          `export default /* @__PURE__ */ ${slow ? `standIn({}, () => ${builtin(path)})` : `(() => ${builtin(path)})()`}`,
          ...names.map((name) => `const value_${name} = /* @__PURE__ */ ${value(name)}`),
          `export { ${names.map((name) => `value_${name} as ${name}`).join(", ")} }`,
        ].join("\n"),
      }
    })
  },
}

/** A function or object that is called, constructed, extended and read as another is, which is looked up at each use. */
const STAND_IN = `const standIn = (target, real) => new Proxy(target, {
  apply: (_, self, values) => Reflect.apply(real(), self, values),
  construct: (_, values, made) => Reflect.construct(real(), values, made),
  get: (_, name) => real()[name],
})`

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
