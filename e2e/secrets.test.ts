import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { ada, createWorld, onRedis, tokenOf, urlShownBy } from "./people.ts"
import { createStandIn, signInAndDecide } from "./stand-in.ts"

/** The command lines of all processes, as `ps` shows them (Linux). */
async function commandLines(): Promise<string> {
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    processes.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  )
  return lines.join("\n")
}

describe.each([
  ["SQLite", () => ({})],
  ["Redis", () => onRedis(4)],
])("secrets on %s", (_store, env) => {
  test("S45 S53 no token, code, state or password in the logs, the files, the command's output or `ps`", async () => {
    const world = await createWorld("secrets", env())
    try {
      const login = world.alchemy.start("auth", "login", "--no-browser", "--port", "0", "--debug")
      const url = await urlShownBy(login)
      const state = new URL(url).searchParams.get("state") ?? ""
      const page = await signInAndDecide(ada, url, "Approve", createStandIn())
      const code = new URL(page.url).searchParams.get("code") ?? ""
      const shown = [await commandLines()]
      const finished = await login.finished
      const token = await tokenOf(world)
      expect(token).toMatch(/^alchemy_at_/)
      expect(code).toMatch(/^alchemy_ac_/)
      for (const args of [
        ["auth", "status", "--debug"],
        ["config", "list"],
        ["config", "get", "auth_token"],
        ["setup", "status"],
        ["apps", "list", "--verbose"],
        ["apps", "create", "--name", "x", "--networks", "nonsense", "--debug"],
        ["auth", "logout", "--debug"],
      ]) {
        const { stdout, stderr } = await world.alchemy.run(...args)
        shown.push(stdout, stderr)
      }
      await fetch(`${world.server.url}/api/cli/token?code=${code}`, { method: "POST" })
      await fetch(`${world.server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
      const { dataDirectory } = world.server
      const files = (await readdir(dataDirectory)).map((name) => join(dataDirectory, name))
      const stored = await Promise.all(files.map((file) => readFile(file, "latin1")))
      await world.server.stop()

      expect(world.server.log()).toContain("/api/cli/token")
      const secrets = { token, code, password: ada.password, secret: token.slice(15, 58) }
      for (const [name, secret] of Object.entries(secrets)) {
        expect(world.server.log().includes(secret), `${name} in the server's log`).toBe(false)
        expect(stored.join("\n").includes(secret), `${name} in the server's files`).toBe(false)
        expect(shown.join("\n").includes(secret), `${name} in what the command shows`).toBe(false)
        expect((finished.stdout + finished.stderr).includes(secret), `${name} in the login's output`).toBe(
          false,
        )
      }
      expect(world.server.log()).not.toContain(state)
    } finally {
      await world.remove()
    }
  })
})
