#!/usr/bin/env node
import { enableCompileCache } from "node:module"

enableCompileCache()
const [{ main }, { createProcessContext }] = await Promise.all([import("./main.ts"), import("./context.ts")])
process.exit(await main(process.argv.slice(2), createProcessContext()))
