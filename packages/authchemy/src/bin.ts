#!/usr/bin/env node
import { runCli } from "./cli.ts"

// A reader that has had enough, as `head` has, is no fault: the rest goes nowhere, and the work is done to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
  })
}

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
})

// What a library still waits for when all is done (a retry to send traces) keeps the process for a second at most.
setTimeout(() => process.exit(), 1000).unref()
