import { randomBytes } from "node:crypto"
import { chmod, link, readFile, unlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "./config.ts"

/**
 * The secret that seals forms and signs cookies: the configured one, else the one in the data directory, which is made on the first
 * start (32 random bytes, base64url; mode 0600). Servers that start at the same moment agree on one. The directory is there already.
 */
export async function loadSecret(config: Pick<Config, "secret" | "dataDirectory">): Promise<string> {
  if (config.secret !== null) return config.secret
  const path = join(config.dataDirectory, "secret")
  const kept = await readSecret(path)
  if (kept !== null) return kept
  const draft = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`
  await writeFile(draft, `${randomBytes(32).toString("base64url")}\n`, {
    flag: "wx",
    mode: 0o600,
    flush: true,
  })
  try {
    // A link is made whole or not at all, and only one of several can be first.
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
  } finally {
    await unlink(draft)
  }
  const agreed = await readSecret(path)
  if (agreed === null) throw new Error(`${path} went away while it was made`)
  return agreed
}

async function readSecret(path: string): Promise<string | null> {
  try {
    const secret = (await readFile(path, "utf8")).trim()
    if (secret.length < 32)
      throw new Error(`${path} must hold at least 32 characters; remove it to have one made`)
    await chmod(path, 0o600)
    return secret
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null
    throw error
  }
}
