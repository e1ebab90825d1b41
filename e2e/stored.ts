import { readdir, readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { join } from "node:path"
import { Client } from "pg"

/** Everything that a server's stores hold, as text: the files of its data directory, PostgreSQL's tables, Redis' keys. For whoever looks for what must not be there. */
export async function storedBy(server: {
  dataDirectory: string
  env: Record<string, string>
}): Promise<string> {
  const { AUTHCHEMY_DATABASE_URL: databaseUrl, AUTHCHEMY_REDIS_URL: redisUrl } = server.env
  const texts = [await inFiles(server.dataDirectory)]
  if (databaseUrl !== undefined) texts.push(await inPostgres(databaseUrl))
  if (redisUrl !== undefined) texts.push(await inRedis(redisUrl))
  return texts.join("\n")
}

async function inFiles(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => [])
  return (await Promise.all(names.map((name) => readFile(join(directory, name), "latin1")))).join("\n")
}

async function inPostgres(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
    )
    const texts: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query(`SELECT * FROM ${name}`)
      texts.push(JSON.stringify({ [name]: rows }))
    }
    return texts.join("\n")
  } finally {
    await client.end()
  }
}

async function inRedis(url: string): Promise<string> {
  const { createClient } = await import(
    createRequire(new URL("../packages/tokens/package.json", import.meta.url)).resolve("@redis/client")
  )
  const client = createClient({ url })
  await client.connect()
  try {
    const texts: string[] = []
    for (const key of await client.keys("*")) {
      const type = await client.type(key)
      texts.push(key)
      if (type === "string") texts.push(await client.get(key))
      else if (type === "hash") texts.push(JSON.stringify(await client.hGetAll(key)))
      else if (type === "stream") texts.push(JSON.stringify(await client.xRange(key, "-", "+")))
      else if (type === "zset") texts.push(JSON.stringify(await client.zRangeWithScores(key, 0, -1)))
      else if (type === "set") texts.push(JSON.stringify(await client.sMembers(key)))
      else throw new Error(`a ${type} was not looked into`)
    }
    return texts.join("\n")
  } finally {
    client.destroy()
  }
}
