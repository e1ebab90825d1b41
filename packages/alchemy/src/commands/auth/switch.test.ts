import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { NOBODY, signedInConfig, type TestOptions, testMachine } from "../../testing.ts"
import { command } from "./switch.ts"

const account = (id: string, email: string) => ({
  ...signedInConfig(NOBODY),
  auth_token_account: { id, email, name: "" },
})

/** A machine with the profiles default, work, side and empty, and a project in ~/code/app. */
async function machineWithProfiles(options: TestOptions = {}) {
  const machine = await testMachine({
    tty: true,
    columns: 200,
    config: {
      ...account("acc_1", "ada@example.com"),
      profiles: {
        work: account("acc_2", "Ada@Work.example"),
        side: account("acc_1", "ada@example.com"),
        empty: { "auth-url": "https://auth.example" },
      },
    },
    ...options,
  })
  const app = join(machine.home, "code", "app")
  await mkdir(app, { recursive: true })
  const run = (argv: string[], more: TestOptions = {}) =>
    machine.run(["auth", "switch", ...argv], {
      ...more,
      context: { workingDirectory: app, ...more.context },
    })
  const file = async () => JSON.parse(await readFile(join(app, ".alchemy.json"), "utf8"))
  return { machine, app, run, file }
}

test("command lines become options", () => {
  expect(command.parse([], {})).toEqual({ account: undefined, asDefault: false })
  expect(command.parse(["work"], { default: true })).toEqual({ account: "work", asDefault: true })
  expect(() => command.parse([" "], {})).toThrow(expect.objectContaining({ code: "INVALID_ARGS" }))
})

test("by a profile's name: in this directory and below, and nowhere else", async () => {
  const { machine, app, run, file } = await machineWithProfiles()
  const before = await machine.config()
  const { code, stdout, stderr } = await run(["work"])
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: "✓ In ~/code/app and below, commands use the profile work (Ada@Work.example).\n",
    stderr: "",
  })
  expect(await file()).toEqual({ profile: "work" })
  expect(await machine.config()).toEqual(before)
  const profileIn = async (workingDirectory: string) =>
    (await machine.run(["auth", "why", "--json"], { context: { workingDirectory } })).json.profile
  expect(await profileIn(join(app, "src", "deep"))).toMatchObject({
    name: "work",
    origin: "~/code/app/.alchemy.json",
  })
  expect(await profileIn(join(machine.home, "code"))).toMatchObject({ name: "default" })
})

test("by the account: its e-mail address in any case, or its id; two profiles of one account must be told apart", async () => {
  const { run, file } = await machineWithProfiles()
  await run(["ada@work.example"])
  expect(await file()).toEqual({ profile: "work" })
  await run(["default"])
  expect(await file()).toEqual({ profile: "default" })
  await run(["acc_2"])
  expect(await file()).toEqual({ profile: "work" })
  const { code, stderr } = await run(["ada@example.com"])
  expect(code).toBe(2)
  expect(stderr).toContain("more than one profile")
  expect(stderr).toContain("default, side")
  expect(await file()).toEqual({ profile: "work" })
})

test("what is no profile is refused with those that there are, and how another comes about", async () => {
  const { run, file } = await machineWithProfiles()
  const { code, error } = await run(["nobody"], { tty: false })
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(error.hint).toContain(
    "default (ada@example.com), empty, side (ada@example.com), work (Ada@Work.example)",
  )
  expect(error.hint).toContain("alchemy auth --profile <name>")
  await expect(file()).rejects.toThrow("ENOENT")
})

test("JSON says what holds where", async () => {
  const { app, run } = await machineWithProfiles()
  expect((await run(["work", "--json"])).json).toEqual({
    profile: "work",
    account: "Ada@Work.example",
    signedIn: true,
    scope: "directory",
    directory: app,
    path: join(app, ".alchemy.json"),
  })
})

test("--default: wherever nothing else names one, and `default` takes that back", async () => {
  const { machine, run, file } = await machineWithProfiles()
  const { stdout } = await run(["work", "--default"])
  expect(stdout).toBe(
    "✓ Where no directory, flag or variable names one, commands use the profile work (Ada@Work.example).\n",
  )
  expect(await machine.config()).toMatchObject({ profile: "work" })
  await expect(file()).rejects.toThrow("ENOENT")
  await run(["default", "--default"])
  expect(await machine.config()).not.toHaveProperty("profile")
})

test("warns of what comes first: the variable, and for --default the directory", async () => {
  const { run } = await machineWithProfiles()
  const env = { ALCHEMY_PROFILE: "side" }
  expect((await run(["work"], { env })).stderr).toContain(
    "! ALCHEMY_PROFILE is set to side, and comes first.",
  )
  expect((await run(["side"], { env })).stderr).toBe("")
  expect((await run(["work", "--default"])).stderr).toContain(
    "! ~/code/app/.alchemy.json names side, which comes first here.",
  )
})

test("a profile that nobody is signed in with can be used, and the next command is named", async () => {
  const { run } = await machineWithProfiles()
  const { code, stdout } = await run(["empty"])
  expect(code).toBe(0)
  expect(stdout).toContain("Nobody is signed in with it. Next: alchemy auth --profile empty")
})

test("without an account: a choice at a terminal, else the profiles", async () => {
  const { machine, run, file } = await machineWithProfiles()
  await run([], { choose: "side" })
  expect(machine.asked).toEqual(["Which profile?"])
  expect(await file()).toEqual({ profile: "side" })
  const { code, error } = await run([], { tty: false })
  expect({ code, error: error.code }).toEqual({ code: 2, error: "INVALID_ARGS" })
  expect(error.hint).toContain("work (Ada@Work.example)")
  const alone = await machineWithProfiles({ config: {} })
  expect((await alone.run([])).stderr).toContain("There is only one profile.")
})

test("the home directory is no place for it: nothing is asked, nothing is written, and --default is named", async () => {
  const { machine, run } = await machineWithProfiles()
  const { code, stderr } = await run([], { context: { workingDirectory: machine.home } })
  expect(code).toBe(2)
  expect(stderr).toContain("would hold for nearly everything")
  expect(stderr).toContain("--default")
  expect(machine.asked).toEqual([])
  await expect(readFile(join(machine.home, ".alchemy.json"))).rejects.toThrow("ENOENT")
})

test("a .alchemy.json that is no JSON is mended by nobody but its owner", async () => {
  const { app, run } = await machineWithProfiles()
  await writeFile(join(app, ".alchemy.json"), "{ profile: work }")
  const { code, stderr } = await run(["work"])
  expect(code).toBe(2)
  expect(stderr).toContain("~/code/app/.alchemy.json does not hold a JSON object.")
  expect(await readFile(join(app, ".alchemy.json"), "utf8")).toBe("{ profile: work }")
})

test("an e-mail address from the file reaches the terminal as one line", async () => {
  const evil = { evil: account("acc_9", "ada\u001b[31m\n@example.com") }
  const { run } = await machineWithProfiles({ config: { profiles: evil } })
  expect((await run(["evil"])).stdout).toBe(
    "✓ In ~/code/app and below, commands use the profile evil (ada [31m @example.com).\n",
  )
})
