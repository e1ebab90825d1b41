#!/usr/bin/env node
// An `import` of a built-in module evaluates all that it exports; this way costs less.
process.getBuiltinModule("node:module").enableCompileCache()
const { run } = await import("./process.ts")
process.exit(await run())
