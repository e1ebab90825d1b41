import { copyFile, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { TOKEN, temporaryFolder } from "../testing.ts"
import { type KeychainAnswer, type KeychainRequest, runKeychainProcess, systemKeychain } from "./keychain.ts"

const BUS = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere" }
const REQUEST: KeychainRequest = { service: "test-cli", entry: "e1", do: "read" }

/** The keychain of a system whose process answers like this. */
function answering(answer: KeychainAnswer, options: Partial<Parameters<typeof systemKeychain>[0]> = {}) {
  const asked: KeychainRequest[] = []
  const run = async (request: KeychainRequest) => {
    asked.push(request)
    return answer
  }
  const keychain = systemKeychain({ service: "test-cli", env: BUS, platform: "linux", run, ...options })
  return { keychain, asked }
}

/** A program in place of the one that asks the keychain. */
async function program(text: string) {
  const path = join(await temporaryFolder(), "program.mjs")
  await writeFile(path, text)
  return path
}

test("reads, writes and removes by name, under the name of the program", async () => {
  const { keychain, asked } = answering({ secret: "s" })
  expect(await keychain.read("e1")).toBe("s")
  await keychain.write("e1", "new")
  await keychain.remove("e1")
  expect(asked).toEqual([
    { service: "test-cli", entry: "e1", do: "read" },
    { service: "test-cli", entry: "e1", do: "write", secret: "new" },
    { service: "test-cli", entry: "e1", do: "remove" },
  ])
  expect(await answering({ secret: null }).keychain.read("e1")).toBeNull()
})

test.each([
  ["darwin", "macOS Keychain"],
  ["win32", "Windows Credential Manager"],
  ["linux", "Secret Service keychain"],
  ["freebsd", "keychain"],
] as const)("on %s it is called %s", (platform, name) => {
  expect(answering({ secret: null }, { platform }).keychain.name).toBe(name)
})

// Each as its library words it: dbus-secret-service, the Secret Services behind it, security-framework, windows-sys.
test.each([
  ["locked", "Couldn't access platform storage: Secret Service: unlock prompt was dismissed"],
  ["locked", "Couldn't access platform storage: Secret Service: object locked"],
  ["locked", "Platform failure: SS error: connection closed before prompt completed"],
  ["locked", "Platform failure: DBus error: Cannot create an item in a locked collection"],
  ["locked", "Platform failure: D-Bus error: org.freedesktop.Secret.Error.IsLocked"],
  ["locked", "Couldn't access platform secure storage: User interaction is not allowed."],
  ["locked", "Platform secure storage failure: The user name or passphrase you entered is not correct."],
  ["locked", "Platform secure storage failure: User canceled the operation."],
  ["locked", "Platform secure storage failure: In dark wake, no UI possible"],
  ["locked", "Platform failure: OSStatus -25308"],
  [
    "silent",
    "Platform failure: DBus error: Did not receive a reply. Possible causes include: the remote application did not send a reply, the message bus security policy blocked the reply, the reply timeout expired, or the network connection was broken.",
  ],
  ["silent", "Platform failure: D-Bus error: org.freedesktop.DBus.Error.NoReply"],
  ["silent", "Platform failure: D-Bus error: Connection timed out"],
  [
    "absent",
    "Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files",
  ],
  ["absent", "Platform failure: DBus error: The name is not activatable"],
  ["absent", "Couldn't access platform storage: Secret Service: no result found"],
  ["absent", "Couldn't access platform storage: No DBus session or Secret Service provider found"],
  [
    "absent",
    "Platform failure: DBus error: Failed to connect to socket /run/user/1000/bus: No such file or directory",
  ],
  [
    "absent",
    "Platform failure: DBus error: Failed to connect to socket /run/user/1000/bus: Permission denied",
  ],
  ["absent", "Platform failure: DBus error: Could not parse server address: Unknown address type"],
  [
    "absent",
    "Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time",
  ],
  ["absent", "Couldn't access platform secure storage: A default keychain could not be found."],
  ["absent", "Couldn't access platform secure storage: No keychain is available."],
  ["absent", "Couldn't access platform secure storage: Windows ERROR_NO_SUCH_LOGON_SESSION"],
  ["refused", "Platform failure: DBus error: org.freedesktop.DBus.Error.AccessDenied"],
  ["refused", "Platform secure storage failure: A required entitlement isn't present."],
  ["refused", "Entry is matched by 2 credentials"],
] as const)("%s: %s", async (problem, error) => {
  const { keychain } = answering({ error })
  await expect(keychain.write("e1", "s")).rejects.toMatchObject({ code: "keychain", problem })
})

test("what a keychain says reaches nobody's terminal raw, and not without end", async () => {
  const { keychain } = answering({ error: `no\u001b[31m\nway${"!".repeat(1000)}` })
  const error: Error = await keychain.read("e1").catch((caught) => caught)
  expect(error.message).toMatch(/^it refused \(no \[31m way!+\)$/)
  expect(error.message.length).toBeLessThan(220)
})

test("without the library there is none", async () => {
  const { keychain } = answering({ error: "", missingLibrary: true })
  await expect(keychain.read("e1")).rejects.toMatchObject({
    problem: "absent",
    message: "the library for it is not installed (@napi-rs/keyring)",
  })
})

test("where there is no session bus no process is started; the bus of the system's own place counts", async () => {
  const bus = (path: string) => path === "/run/user/1000/bus"
  for (const [env, there] of [
    [{}, false],
    [{ DBUS_SESSION_BUS_ADDRESS: "" }, false],
    [{ XDG_RUNTIME_DIR: "/run/user/1" }, false],
    [{ XDG_RUNTIME_DIR: "/run/user/1000" }, true],
    [BUS, true],
  ] as const) {
    const { keychain, asked } = answering({ secret: "s" }, { env, fileExists: bus })
    if (there) expect(await keychain.read("e1")).toBe("s")
    else await expect(keychain.read("e1")).rejects.toMatchObject({ problem: "absent" })
    expect(asked).toHaveLength(there ? 1 : 0)
  }
  expect(await answering({ secret: "s" }, { env: {}, platform: "darwin" }).keychain.read("e1")).toBe("s")
})

test("a process that does not answer is killed when the time is over, though it heeds no signal", async () => {
  const pidFile = join(await temporaryFolder(), "pid")
  const hanging = await program(`
    import { writeFileSync } from "node:fs"
    process.on("SIGTERM", () => {})
    writeFileSync(process.env.PID_FILE, String(process.pid))
    setInterval(() => {}, 1000)`)
  const start = performance.now()
  const env = { ...process.env, PID_FILE: pidFile }
  await expect(runKeychainProcess(REQUEST, { env, timeoutMs: 700, program: hanging })).rejects.toMatchObject({
    problem: "silent",
    message: "it did not answer within 0.7 s; it may be locked",
  })
  expect(performance.now() - start).toBeLessThan(1500)
  const pid = Number(await readFile(pidFile, "utf8"))
  await expect.poll(() => isRunning(pid)).toBe(false)
})

test.each([
  ["fails", "process.exit(7)", "its library failed (exit 7)"],
  ["is killed", "process.kill(process.pid, 'SIGSEGV')", "its library failed (SIGSEGV)"],
  ["says nothing", "", "its library failed (exit 0)"],
  ["says no JSON", "console.log('?')", "its library failed (exit 0)"],
  ["says null", "console.log(null)", "its library failed (exit 0)"],
  ["says something else", "console.log('{\"secret\":5}')", "its library failed (exit 0)"],
  [
    "never stops talking",
    "setInterval(() => console.log('x'.repeat(1e5)), 1)",
    "its answer was far too long",
  ],
])("a process that %s: refused", async (_, text, message) => {
  const running = runKeychainProcess(REQUEST, {
    env: process.env,
    timeoutMs: 10_000,
    program: await program(text),
  })
  await expect(running).rejects.toMatchObject({ problem: "refused", message })
})

test.runIf(process.platform === "linux")("a secret is in no argument and in no environment", async () => {
  const telling = await program(`
    import { readFileSync } from "node:fs"
    let input = ""
    for await (const chunk of process.stdin) input += chunk
    const seen = ["cmdline", "environ"].map((name) => readFileSync("/proc/self/" + name, "utf8")).join("\\0")
    const { secret } = JSON.parse(input)
    console.log(JSON.stringify({ error: [secret.length, seen.includes(secret), seen.includes("--no-warn")].join() }))`)
  const env = { ...process.env, NODE_OPTIONS: "--no-warnings" }
  const asked = runKeychainProcess(
    { ...REQUEST, do: "write", secret: TOKEN },
    { env, timeoutMs: 10_000, program: telling },
  )
  expect(await asked).toEqual({ error: `${TOKEN.length},false,false` })
})

test("the program beside it answers, with its library and where that is not installed", async () => {
  const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere/bus" }
  if (process.platform === "linux") {
    const keychain = systemKeychain({ service: "test-cli", env, platform: "linux", timeoutMs: 10_000 })
    await expect(keychain.read("e1")).rejects.toMatchObject({
      problem: "absent",
      message: expect.stringContaining("Failed to connect to socket /nowhere/bus"),
    })
  }
  // Nothing is installed around a copy.
  const copy = join(await temporaryFolder(), "keychain-process.ts")
  await copyFile(new URL("./keychain-process.ts", import.meta.url), copy)
  expect(await runKeychainProcess(REQUEST, { env, timeoutMs: 10_000, program: copy })).toEqual({
    error: expect.any(String),
    missingLibrary: true,
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
