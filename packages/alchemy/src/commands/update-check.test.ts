import { stat, writeFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { NOBODY, testMachine } from "../testing.ts"
import { NOW } from "../testing-server.ts"
import { VERSION } from "../version.ts"

type Answer = () => Response | Promise<Response>

/** A machine whose registry answers as told, and the requests that it saw. */
async function machineWith(answer: Answer, env: Record<string, string> = {}) {
  const seen: { url: string; headers: Headers; redirect: RequestInit["redirect"] }[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    seen.push({ url: String(input), headers: new Headers(init?.headers), redirect: init?.redirect })
    return answer()
  }
  const machine = await testMachine({ env, context: { fetch } })
  return { machine, seen, fetch }
}

const version = (text: unknown) => () => Response.json({ name: "@authchemy/alchemy", version: text })

test("a newer version: says so, and what to type; exit 0", async () => {
  const { machine, seen } = await machineWith(version("99.0.1"))
  const { code, json } = await machine.run(["update-check"])
  expect({ code, json }).toEqual({
    code: 0,
    json: {
      current: VERSION,
      latest: "99.0.1",
      updateAvailable: true,
      checkedAt: new Date(NOW).toISOString(),
    },
  })
  expect(seen.map(({ url }) => url)).toEqual(["https://registry.example/@authchemy%2falchemy/latest"])
  expect(seen[0]?.redirect).toBe("manual")
  expect(seen[0]?.headers.has("authorization")).toBe(false)
  expect((await machine.run(["update-check"], { tty: true })).stdout).toBe(
    `! Version 99.0.1 is there; this is ${VERSION}.\n  Next: npm install -g @authchemy/alchemy@99.0.1\n`,
  )
})

test.each([[VERSION], ["0.0.1"], [`${VERSION}-rc.1`]])("%s is not newer", async (latest) => {
  const { machine } = await machineWith(version(latest))
  expect((await machine.run(["update-check"])).json).toMatchObject({ latest, updateAvailable: false })
  expect((await machine.run(["update-check"], { tty: true })).stdout).toBe(
    `✓ There is no version newer than this one, ${VERSION}.\n`,
  )
})

test("asked once a day, kept 0600 beside the configuration; --force and another registry ask anew", async () => {
  const { machine, seen } = await machineWith(version("99.0.0"))
  await machine.run(["update-check"])
  const day = 86_400_000
  const again = await machine.run(["update-check"])
  expect(again.json).toMatchObject({ latest: "99.0.0", checkedAt: new Date(NOW).toISOString() })
  expect(seen).toHaveLength(1)
  expect((await stat(`${machine.configPath}.update-check`)).mode & 0o777).toBe(0o600)
  await machine.run(["update-check", "--force"])
  expect(seen).toHaveLength(2)
  await machine.run(["update-check"], { env: { npm_config_registry: "https://mirror.example/npm/" } })
  expect(seen.at(-1)?.url).toBe("https://mirror.example/npm/@authchemy%2falchemy/latest")
  const { fetch, ...rest } = await machineWith(version("99.0.0"))
  const env = { npm_config_registry: "https://mirror.example/npm" }
  await machine.run(["update-check"], { env, context: { fetch, now: () => NOW + day - 1 } })
  expect(rest.seen).toHaveLength(0)
  await machine.run(["update-check"], { env, context: { fetch, now: () => NOW + day } })
  expect(rest.seen).toHaveLength(1)
})

test.each([
  [{ CI: "true" }, "ci", "CI"],
  [{ ALCHEMY_NO_UPDATE_CHECK: "1" }, "environment", "ALCHEMY_NO_UPDATE_CHECK"],
])("with %j nobody is asked, and it says so; --force asks all the same", async (env, skipped, named) => {
  const { machine, seen } = await machineWith(version("99.0.0"), env)
  const { code, json } = await machine.run(["update-check"])
  expect({ code, json }).toEqual({
    code: 0,
    json: { current: VERSION, latest: null, updateAvailable: false, checkedAt: null, skipped },
  })
  expect((await machine.run(["update-check"], { tty: true })).stdout).toContain(named)
  expect(seen).toEqual([])
  expect((await machine.run(["update-check", "--force"])).json.latest).toBe("99.0.0")
})

test("a program that is no CI system may ask", async () => {
  const { machine } = await machineWith(version("99.0.0"), { CI: "true", ALCHEMY_NON_INTERACTIVE: "0" })
  expect((await machine.run(["update-check"])).json.latest).toBe("99.0.0")
  expect((await machine.run(["update-check", "--no-interactive"], { env: {} })).json.latest).toBe("99.0.0")
})

test.each<[string, Answer, number, string]>([
  ["a page", () => new Response("<html>"), 8, "ADMIN_API_ERROR"],
  ["no version", version("\u001b[31mnewest"), 8, "ADMIN_API_ERROR"],
  ["a number", version(7), 8, "ADMIN_API_ERROR"],
  ["null", () => Response.json(null), 8, "ADMIN_API_ERROR"],
  ["a redirect", () => Response.redirect("https://evil.example", 302), 8, "ADMIN_API_ERROR"],
  [
    "nothing of that name",
    () => Response.json({ error: "not found" }, { status: 404 }),
    8,
    "ADMIN_API_ERROR",
  ],
  ["a failure", () => new Response("", { status: 503 }), 8, "ADMIN_API_ERROR"],
  ["two megabytes", () => new Response("x".repeat(2_000_000)), 8, "ADMIN_API_ERROR"],
  ["no answer", () => Promise.reject(new TypeError("fetch failed")), 6, "NETWORK_ERROR"],
])("a registry that answers with %s: a sentence, and nothing is kept", async (_what, answer, code, error) => {
  const { machine } = await machineWith(answer)
  const run = await machine.run(["update-check"])
  expect({ code: run.code, error: run.error.code, stdout: run.stdout }).toEqual({ code, error, stdout: "" })
  expect(run.error.message).toMatch(
    /^The (package registry https:\/\/registry\.example|server's answer) .*\.$/,
  )
  expect(run.stderr).not.toContain("\u001b")
  await expect(stat(`${machine.configPath}.update-check`)).rejects.toThrow("ENOENT")
})

test("a registry that never answers is given up by the time limit", async () => {
  const { machine } = await machineWith(version("99.0.0"))
  const fetch: typeof globalThis.fetch = (_input, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason))
    })
  const { code, error } = await machine.run(["update-check", "--timeout", "20"], { context: { fetch } })
  expect({ code, message: error.message }).toEqual({
    code: 6,
    message:
      "The package registry https://registry.example could not be reached: there was no answer within 0.02 s.",
  })
})

test.each(["ftp://x", "http://mirror.example", "https://user:secret@mirror.example"])(
  "npm_config_registry=%s is refused",
  async (registry) => {
    const { machine, seen } = await machineWith(version("99.0.0"), { npm_config_registry: registry })
    const { code, error, stderr } = await machine.run(["update-check"])
    expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
    expect(error.message).toContain("npm_config_registry")
    expect(stderr).not.toContain("secret")
    expect(seen).toEqual([])
  },
)

test.each(["{", "[]", '{"latest":"$(id)","at":1e99}', '{"latest":"1.0.0","at":"now"}'])(
  "what was kept as %s is asked anew",
  async (kept) => {
    const { machine, seen } = await machineWith(version("99.0.0"))
    await writeFile(`${machine.configPath}.update-check`, kept)
    expect((await machine.run(["update-check"])).json.latest).toBe("99.0.0")
    expect(seen).toHaveLength(1)
  },
)

test("no other command asks the registry", async () => {
  const { machine, seen } = await machineWith(version("99.0.0"), { ALCHEMY_AUTH_URL: NOBODY })
  for (const argv of [
    ["version"],
    ["--version"],
    ["setup", "status"],
    ["config", "list"],
    ["agent-prompt"],
    [],
  ]) {
    await machine.run(argv)
  }
  expect(seen).toEqual([])
})

test("npm that does not say which registry it uses: NOT_FOUND, and what to set", async () => {
  const { machine, seen, fetch } = await machineWith(version("99.0.0"))
  const context = { fetch, npmRegistry: async () => null }
  const { code, error } = await machine.run(["update-check"], { context })
  expect({ code, error }).toMatchObject({
    code: 4,
    error: { code: "NOT_FOUND", hint: expect.stringContaining("npm_config_registry") },
  })
  expect(seen).toEqual([])
})
