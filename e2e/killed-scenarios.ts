import { holding, type Issued, type KilledMachine } from "./killed-machine.ts"
import { ada } from "./people.ts"
import type { Running } from "./processes.ts"
import { compareAndDecide, signInAndDecide } from "./stand-in.ts"

/** A machine that is ready for a command to be killed. */
export type Ready = {
  argv: string[]
  /** The sign-in that was stored. */
  before?: Issued
}

/** A command that signs in or out. */
export type Scenario = {
  name: string
  prepare(machine: KilledMachine): Promise<Ready>
  /** What the person does meanwhile. */
  person?: (machine: KilledMachine, command: Running) => Promise<unknown>
  /** The paths of the server that it calls in turn, once each. */
  steps: string[]
  /** The server cannot be reached while it runs. */
  outOfReach?: boolean
  /** What stays signed in, however it ends. */
  keeps?: "the old" | "the old or the new"
}

const BY_BROWSER = ["auth", "login", "--no-browser", "--port", "0"]
const IN_TWO_STEPS = ["auth", "login", "--no-interactive"]

const nothingStored = (argv: string[]) => async (machine: KilledMachine) => {
  await machine.reset()
  return { argv }
}

const signedIn = (argv: string[]) => async (machine: KilledMachine) => {
  await machine.reset()
  const before = await machine.issue()
  machine.write(holding(machine.server, before))
  return { argv, before }
}

/** A sign-in that was begun, and is approved. */
async function begun(machine: KilledMachine): Promise<string[]> {
  const begin = await machine.alchemy.run(...IN_TWO_STEPS, "--force")
  if (begin.code !== 0) throw new Error(begin.stderr)
  const { url, handle } = JSON.parse(begin.stdout)
  await compareAndDecide(ada, url, "Approve", machine.browser)
  return ["auth", "login", "--complete", handle]
}

const approveInBrowser = async (machine: KilledMachine, command: Running) => {
  const [, url = ""] = await command.shows(/"url":"([^"]+)"/)
  await signInAndDecide(ada, url, "Approve", machine.browser)
}

const approveByCode = async (machine: KilledMachine, command: Running) => {
  const [, url = ""] = await command.shows(/"verificationUriComplete":"([^"]+)"/)
  await compareAndDecide(ada, url, "Approve", machine.browser)
}

const REPLACING = ["/v1/me", "/api/cli/logout"]

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "sign-in through the browser",
    prepare: nothingStored(BY_BROWSER),
    person: approveInBrowser,
    steps: ["/api/cli/token"],
  },
  {
    name: "sign-in through the browser over an earlier one",
    prepare: signedIn([...BY_BROWSER, "--force"]),
    person: approveInBrowser,
    steps: ["/api/cli/token", ...REPLACING],
    keeps: "the old or the new",
  },
  {
    name: "sign-in by code",
    prepare: nothingStored(["auth", "login", "--device"]),
    person: approveByCode,
    steps: ["/oauth/device_authorization", "/oauth/token"],
  },
  {
    name: "sign-in by browser or code, in the browser",
    prepare: nothingStored(["auth", "login", "--port", "0"]),
    person: approveInBrowser,
    steps: ["/api/cli/token"],
  },
  {
    name: "sign-in by browser or code, by the code",
    prepare: nothingStored(["auth", "login", "--port", "0"]),
    person: approveByCode,
    steps: ["/oauth/token"],
  },
  {
    name: "beginning a sign-in in two steps",
    prepare: nothingStored(IN_TWO_STEPS),
    steps: ["/oauth/device_authorization"],
  },
  {
    name: "completing a sign-in in two steps",
    prepare: async (machine) => {
      await machine.reset()
      return { argv: await begun(machine) }
    },
    steps: ["/oauth/token"],
  },
  {
    name: "completing a sign-in in two steps over an earlier one",
    prepare: async (machine) => {
      const { before } = await signedIn([])(machine)
      return { argv: await begun(machine), before }
    },
    steps: ["/oauth/token", ...REPLACING],
    keeps: "the old or the new",
  },
  { name: "sign-out", prepare: signedIn(["auth", "logout"]), steps: ["/api/cli/logout"] },
  {
    name: "sign-out with the server out of reach",
    prepare: signedIn(["auth", "logout"]),
    steps: [],
    outOfReach: true,
  },
  {
    name: "status",
    prepare: signedIn(["auth", "status", "--json"]),
    steps: ["/v1/me"],
    keeps: "the old",
  },
]
