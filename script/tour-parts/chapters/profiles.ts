import { GRACE } from "../world.ts"
import type { Chapter } from "./chapters.ts"

/** Several accounts on one machine, none of them everywhere. */
export const profiles: Chapter = async ({ chapter, step }, world) => {
  chapter(
    "Several accounts",
    "A profile has a server, a sign-in and an app of its own; a directory can name one.",
  )
  await step({
    heading: "Another account",
    says: "Signing in with `--profile` makes it.",
    line: "alchemy auth --profile work --no-browser",
    person: { decision: "Approve", who: GRACE },
  })
  await step({
    heading: "All of them",
    says: "`auth status` lists the profiles.",
    line: "alchemy auth status",
  })
  await step({
    heading: "For one command",
    says: "By the flag, or by ALCHEMY_PROFILE.",
    line: "alchemy auth status --profile work",
  })
  await world.makeDirectory("code/shop")
  await step({
    heading: "For a directory",
    says: "And for what is below it; commands elsewhere go on as before.",
    line: "alchemy auth switch work",
    directory: "code/shop",
  })
  await step({
    heading: "In that directory",
    says: "Every command there uses it.",
    line: "alchemy auth why",
    directory: "code/shop",
  })
  await step({
    heading: "Elsewhere",
    says: "Nothing has changed.",
    line: "alchemy auth why",
  })
  await step({
    heading: "Choose one",
    says: "Without a name it asks.",
    line: "alchemy auth switch",
    json: "alchemy auth switch ada@example.com",
    directory: "code/shop",
    acts: async (screen, show) => {
      await screen.shows(/Which profile/)
      await show()
      await screen.press("Enter")
    },
  })
  await step({
    heading: "Wherever nothing else is said",
    says: "`--default`, in the config file.",
    line: "alchemy auth switch work --default",
  })
  await step({
    heading: "And back",
    says: "By the account, where only one profile has it.",
    line: "alchemy auth switch ada@example.com --default",
  })
  await step({
    heading: "Not at home",
    says: "It would hold for nearly everything.",
    line: "alchemy auth switch work",
    exit: 2,
  })
  await step({
    heading: "A profile that is not there",
    says: "The message lists those there are.",
    line: "alchemy auth switch nobody",
    directory: "code/shop",
    exit: 2,
  })
}
