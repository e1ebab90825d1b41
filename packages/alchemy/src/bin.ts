#!/usr/bin/env node
// An `import` of a built-in module evaluates all that it exports; this way costs less.
const { enableCompileCache } = process.getBuiltinModule("node:module")
if (process.platform === "win32" || process.platform === "darwin") enableCompileCache()
else {
  // What was compiled is run as it is found. The runtime keeps it among the temporary files, which other users can put there first.
  const cache = ownCache()
  if (cache !== null) {
    // The directories that it makes are to pass the next time, whatever the person's umask.
    const umask = process.umask(0o077)
    enableCompileCache(cache)
    process.umask(umask)
  }
}
const { run } = await import("./process.ts")
process.exit(await run())

/**
 * Where what was compiled is kept, in this user's directory for caches; `null` where others can have put something there. Each directory on
 * the way has to be this user's, and writable by nobody else. A link may be changed to lead elsewhere, and is none.
 */
function ownCache(): string | null {
  const { HOME = "", XDG_CACHE_HOME = "" } = process.env
  const given = XDG_CACHE_HOME.startsWith("/")
  const base = given ? XDG_CACHE_HOME : HOME
  const caches = given ? base : `${base}/.cache`
  const cache = `${caches}/alchemy`
  if (!base.startsWith("/")) return null
  const { lstatSync } = process.getBuiltinModule("node:fs")
  try {
    for (const path of given ? [base, cache] : [base, caches, cache]) {
      const status = lstatSync(path, { throwIfNoEntry: false })
      // What is missing is made in a directory that is good.
      if (status === undefined) return path === base ? null : cache
      if (!status.isDirectory() || status.uid !== process.getuid?.() || (status.mode & 0o022) !== 0)
        return null
    }
    return cache
  } catch {
    return null
  }
}
