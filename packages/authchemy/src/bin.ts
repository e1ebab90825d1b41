#!/usr/bin/env node
import { runCli } from "./cli.ts"

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
})

// What a library still waits for when all is done (a retry to send traces) keeps the process for a second at most.
setTimeout(() => process.exit(), 1000).unref()
