import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { run } from "./processes.ts"

/** What these tests need, by the Debian package it comes in. */
const PROGRAMS = {
  "dbus-daemon": "dbus",
  "dbus-send": "dbus",
  "dbus-test-tool": "dbus-tests",
  "gnome-keyring-daemon": "gnome-keyring",
  "secret-tool": "libsecret-tools",
}
/** Debian packages that are missing here; none where the tests can run. */
export const missingPackages = [
  ...new Set(
    Object.entries(PROGRAMS).flatMap(([program, name]) =>
      spawnSync("sh", ["-c", `command -v ${program}`]).status === 0 ? [] : [name],
    ),
  ),
]

const NAME = "org.freedesktop.secrets"

/** Who answers for the keychain: nobody; GNOME's, unlocked; GNOME's, locked; one that never answers; one whose answers are none. */
export type Answering = "nobody" | "unlocked" | "locked" | "hanging" | "nonsense"

/** A D-Bus session of its own, and on it whoever is to answer for the keychain. */
export type SecretService = {
  /** What a command needs to find it. */
  env: Record<string, string>
  /** Ends whoever answered before. What GNOME's keeps stays. */
  answer(by: Answering): Promise<void>
  /** The secrets that are there under a program's name, as another program sees them. */
  secretsOf(service: string): Promise<string[]>
  /** Ends all of it. */
  stop(): Promise<void>
}

/**
 * Starts a session bus that starts nothing by itself, in a directory of its own.
 * @param options.refuses nobody may talk to the keychain, as in a sandbox
 */
export async function startSecretService(
  directory: string,
  options: { refuses?: boolean } = {},
): Promise<SecretService> {
  const home = join(directory, "home")
  const runtime = join(directory, "run")
  await mkdir(home, { recursive: true })
  await mkdir(runtime, { recursive: true, mode: 0o700 })
  const config = join(directory, "session.conf")
  const denied = options.refuses ? `<deny send_destination="${NAME}"/>` : ""
  await writeFile(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=${runtime}</listen>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>${denied}</policy></busconfig>`,
  )
  const bus = run("dbus-daemon", [`--config-file=${config}`, "--nofork", "--print-address=1"])
  const [address] = await bus.shows(/^unix:.+$/m)
  const env = { HOME: home, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: address }

  const ask = async (...args: string[]) => {
    const finished = await run("dbus-send", ["--session", "--print-reply", "--reply-timeout=3000", ...args], {
      env,
    }).finished
    if (finished.code !== 0) throw new Error(`dbus-send ${args.join(" ")}: ${finished.stderr}`)
    return finished.stdout
  }
  const isOwned = async () =>
    (
      await ask("--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", `string:${NAME}`)
    ).includes("boolean true")
  const untilOwned = async (owned: boolean) => {
    for (let tries = 0; (await isOwned()) !== owned; tries++) {
      if (tries > 200) throw new Error(`${NAME} is ${owned ? "not" : "still"} there`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  let answering: ChildProcess | undefined
  const end = async () => {
    const child = answering
    answering = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill()
    await once(child, "exit")
  }
  const launch = async (command: string, args: string[], input = "") => {
    const childEnv = { PATH: process.env.PATH ?? "", ...env }
    const child = spawn(command, args, { env: childEnv, stdio: ["pipe", "ignore", "ignore"] })
    child.stdin.end(input)
    answering = child
    await untilOwned(true)
  }
  const keyring = ["--foreground", "--components=secrets", `--control-directory=${runtime}`]

  return {
    env,
    answer: async (by) => {
      await end()
      await untilOwned(false)
      if (by === "unlocked") await launch("gnome-keyring-daemon", ["--unlock", ...keyring], "a password")
      if (by === "locked") await launch("gnome-keyring-daemon", ["--start", ...keyring])
      if (by === "hanging") await launch("dbus-test-tool", ["black-hole", "--session", `--name=${NAME}`])
      if (by === "nonsense") await launch("dbus-test-tool", ["echo", "--session", `--name=${NAME}`])
    },
    secretsOf: async (service) => {
      const found = await run("secret-tool", ["search", "--all", "service", service], { env }).finished
      return [...found.stdout.matchAll(/^secret = (.*)$/gm)].map(([, secret = ""]) => secret)
    },
    stop: async () => {
      await end()
      bus.child.kill()
      await bus.finished
    },
  }
}
