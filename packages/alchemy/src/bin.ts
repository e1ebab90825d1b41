#!/usr/bin/env node
// An `import` of a built-in module evaluates all that it exports; this way costs less.
process.getBuiltinModule("node:module").enableCompileCache()
const [{ main }, { createProcessContext }] = await Promise.all([import("./main.ts"), import("./context.ts")])
process.exit(await main(process.argv.slice(2), createProcessContext()))
