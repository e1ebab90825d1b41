import type { Chapter } from "./chapters.ts"

/** The first minute on a new machine. It ends signed in. */
export const begin: Chapter = async ({ chapter, step, varies }, world) => {
  chapter("Begin", "A machine on which nothing is set up.")
  await step({
    heading: "Nothing but the name",
    says: "`alchemy` alone greets, and offers to sign in; Enter says yes, and Enter once more opens the browser.",
    line: "alchemy",
    json: "alchemy auth login --no-browser",
    person: { decision: "Approve" },
    acts: async (screen, show) => {
      await screen.shows(/Sign in now/)
      await show()
      await screen.press("Enter")
      await screen.shows(/Press Enter to open the browser/)
      await screen.press("Enter")
      await screen.shows(/The browser has been asked/)
    },
  })
  varies(await world.accountId(await world.token()))
  await step({
    heading: "The version",
    says: "As scripts expect it.",
    line: "alchemy --version",
  })
  await step({
    heading: "All commands",
    says: "Once something is set up, `alchemy` alone shows the help, as `alchemy --help` does.",
    line: "alchemy --help",
    json: null,
    size: { columns: 80, rows: 50 },
  })
  await step({
    heading: "One command",
    says: "Each command has a help of its own.",
    line: "alchemy help auth login",
    json: null,
    size: { columns: 80, rows: 50 },
  })
  await step({
    heading: "Version, as a command",
    says: "The same as `alchemy --version`.",
    line: "alchemy version",
  })
  await step({
    heading: "What is set up",
    says: "By the local record, and the next command to type.",
    line: "alchemy setup status",
  })
}
