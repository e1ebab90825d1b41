import type { Chapter } from "./chapters.ts"

const DAY_MS = 86_400_000

/** Every state of a sign-in. It ends with Ada signed in. */
export const status: Chapter = async ({ chapter, step }, world) => {
  chapter(
    "Who is signed in",
    "What the local record says, and what the server says of it. Exit code 3 where nobody is.",
  )
  await step({ heading: "Active", says: "The server was asked.", line: "alchemy auth status" })
  await step({
    heading: "Offline",
    says: "Nobody is asked.",
    line: "alchemy auth status --offline",
  })
  await step({
    heading: "In a small terminal",
    says: "Values go below their names.",
    line: "alchemy auth status",
    size: { columns: 40, rows: 24 },
  })
  await step({
    heading: "More on the way",
    says: "`--verbose` tells each call.",
    line: "alchemy auth status --verbose",
  })
  const token = await world.token()
  await step({
    heading: "A token from the environment",
    says: "It comes before what is stored, and that is said.",
    line: "alchemy auth status",
    env: { ALCHEMY_AUTH_TOKEN: token },
  })
  await world.stopServer()
  await step({
    heading: "Unverified",
    says: "The server is down: good by the local record.",
    line: "alchemy auth status",
  })
  await step({
    heading: "Anything else meanwhile",
    says: "A command that needs the server says why it cannot go on.",
    line: "alchemy apps list",
    exit: 6,
  })
  await world.startServer()
  await world.api(token, "DELETE", "/v1/sessions")
  await step({
    heading: "Revoked",
    says: "Somebody has ended it on the sessions page, or on another machine.",
    line: "alchemy auth status",
    exit: 3,
  })
  await step({
    heading: "A command after that",
    says: "Where a person is there, it offers to sign in at once, and goes on with what it was asked.",
    line: "alchemy apps list",
    json: "alchemy auth login --no-browser",
    person: { decision: "Approve" },
    acts: async (screen) => {
      await screen.shows(/Press Enter to open the browser/)
      await screen.press("Enter")
    },
  })
  await step({
    heading: "With an end that is near",
    says: "A day is a day.",
    line: "alchemy auth login --force --no-browser --expires-in 1d",
    person: { decision: "Approve" },
  })
  await world.later(2 * DAY_MS)
  await step({
    heading: "Expired",
    says: "Two days later.",
    line: "alchemy auth status",
    exit: 3,
  })
  await step({
    heading: "A command after that",
    says: "Nothing is sent with an expired token.",
    line: "alchemy apps list --no-interactive",
    exit: 3,
  })
  await step({
    heading: "Not signed in",
    says: "A profile of which nothing is known yet.",
    line: "alchemy auth status --profile nobody",
    exit: 3,
  })
  await step({
    heading: "Signed in again",
    says: "`alchemy auth` is `alchemy auth login`.",
    line: "alchemy auth --no-browser",
    person: { decision: "Approve" },
  })
}
