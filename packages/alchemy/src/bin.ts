#!/usr/bin/env node
// An `import` of a built-in module evaluates all that it exports; this way costs less.
const { enableCompileCache } = process.getBuiltinModule("node:module")
if (process.platform === "win32" || process.platform === "darwin") enableCompileCache()
else {
  // What was compiled is run as it is found. The runtime keeps it among the temporary files, which other users can put there first.
  const caches = ownCaches()
  if (caches !== null) enableCompileCache(`${caches}/alchemy`)
}
const { run } = await import("./process.ts")
process.exit(await run())

/** This user's directory for caches, or `null` where it is not known to be theirs. */
function ownCaches(): string | null {
  const { HOME = "", XDG_CACHE_HOME = "" } = process.env
  const given = XDG_CACHE_HOME.startsWith("/")
  const own = given ? XDG_CACHE_HOME : HOME
  try {
    const { uid } = process.getBuiltinModule("node:fs").statSync(own)
    return own.startsWith("/") && uid === process.getuid?.() ? (given ? own : `${own}/.cache`) : null
  } catch {
    return null
  }
}
