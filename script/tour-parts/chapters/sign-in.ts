import { GRACE } from "../world.ts"
import type { Chapter } from "./chapters.ts"

/** Every way to sign in. It ends with Ada signed in. */
export const signIn: Chapter = async ({ chapter, step }, world) => {
  chapter("Sign in", "Through the browser, by code, in two steps, and what stands in the way.")
  await step({
    heading: "Already signed in",
    says: "A sign-in that is still good is kept; the server is asked.",
    line: "alchemy auth",
  })
  await step({
    heading: "Through the browser",
    says: "`--force` signs in anew, and the old session is ended once the new one works; `--no-browser` only shows the address, to open wherever.",
    line: "alchemy auth login --force --no-browser",
    person: { decision: "Approve" },
  })
  await step({
    heading: "By code",
    says: "Where no browser can be opened, the phone is one: scan, or type the address and the code.",
    line: "alchemy auth login --force --device",
    size: { columns: 80, rows: 40 },
    person: { decision: "Approve" },
  })
  await step({
    heading: "By code, in a small terminal",
    says: "Where the QR code has no room, address and code are left.",
    line: "alchemy auth login --force --device",
    size: { columns: 40, rows: 24 },
    person: { decision: "Approve" },
  })
  await step({
    heading: "Both at once",
    says: "Over SSH it is not known where the browser is; whichever comes first finishes the sign-in.",
    line: "alchemy auth login --force",
    env: { BROWSER: "none" },
    size: { columns: 80, rows: 40 },
    person: { decision: "Approve" },
  })
  const begun = await step({
    heading: "In two steps: begin",
    says: "Nothing waits, nothing is opened; for programs, and for people who come back later.",
    line: "alchemy auth login --force --no-interactive",
  })
  const [, handle = ""] = /--complete ([\w-]+)/.exec(begun.text) ?? []
  await step({
    heading: "A sign-in that is under way",
    says: "`auth status` knows of it.",
    line: "alchemy auth status",
  })
  await step({
    heading: "In two steps: finish",
    says: "It waits for the approval, five minutes at most.",
    line: `alchemy auth login --complete ${handle}`,
    person: { decision: "Approve" },
  })
  await step({
    heading: "A handle that is used up",
    says: "What is wrong, and the next command.",
    line: `alchemy auth login --complete ${handle}`,
    exit: 4,
  })
  await step({
    heading: "Denied",
    says: "The earlier sign-in stays as it was.",
    line: "alchemy auth login --force --no-browser",
    person: { decision: "Deny" },
    exit: 3,
  })
  await step({
    heading: "Nobody approves",
    says: "`--timeout` is in milliseconds; five minutes where nothing is said.",
    line: "alchemy auth login --force --no-browser --timeout 1000",
    exit: 3,
  })
  await step({
    heading: "Interrupted",
    says: "Ctrl-C leaves nothing behind.",
    line: "alchemy auth login --force --no-browser",
    json: null,
    exit: 130,
    acts: async (screen) => {
      await screen.shows(/Ctrl-C stops/)
      await screen.press("C-c")
    },
  })
  const token = await world.signInElsewhere(GRACE)
  await world.write("token.txt", `${token}\n`)
  await step({
    heading: "With a token",
    says: "From stdin, so that it stands in no argument; the server says whose it is.",
    line: "alchemy auth login --with-token --profile grace < token.txt",
  })
  await step({
    heading: "With something else",
    says: "Nothing is stored that the server does not accept.",
    line: "echo alchemy_at_of_my_own | alchemy auth login --with-token",
    exit: 3,
  })
  await step({
    heading: "For a short time",
    says: "`--expires-in` takes days, hours, minutes or seconds.",
    line: "alchemy auth login --force --no-browser --expires-in 5d",
    person: { decision: "Approve" },
  })
  await step({
    heading: "A warning before the end",
    says: "From seven days before it on.",
    line: "alchemy auth status",
  })
  await step({
    heading: "Less to say",
    says: "`--quiet` leaves out what needs nobody's hand; what has to be read is still there.",
    line: "alchemy auth login --force --no-browser --quiet",
    person: { decision: "Approve" },
  })
}
