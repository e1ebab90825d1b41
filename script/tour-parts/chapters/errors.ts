import type { Chapter } from "./chapters.ts"

/** What goes wrong, each with the next command. */
export const errors: Chapter = async ({ chapter, step }, world) => {
  chapter(
    "When something is wrong",
    "What happened, why, and the next command. Exit codes are in the README.",
  )
  await step({
    heading: "A command that is not there",
    says: "The nearest one.",
    line: "alchemy aps",
    exit: 2,
  })
  await step({
    heading: "Below a group",
    says: "The nearest one there.",
    line: "alchemy auth statsu",
    exit: 2,
  })
  await step({
    heading: "A flag that is not there",
    says: "The nearest one.",
    line: "alchemy auth --forse",
    exit: 2,
  })
  await step({
    heading: "A flag's value",
    says: "What it should be.",
    line: "alchemy auth login --expires-in soon",
    exit: 2,
  })
  await step({
    heading: "Something is missing",
    says: "And an example.",
    line: "alchemy apps create",
    exit: 2,
  })
  await step({
    heading: "Not over the open network",
    says: "A credential goes over https, or stays on this machine.",
    line: "alchemy auth status --auth-url http://auth.example.com",
    exit: 2,
  })
  await step({
    heading: "Another server",
    says: "A stored token goes only to the server that issued it.",
    line: "alchemy apps list --auth-url http://localhost:4999",
    exit: 3,
  })
  await step({
    heading: "Nobody listens there",
    says: "The reason, and what to look at.",
    line: "alchemy auth login --device --auth-url http://localhost:4999",
    exit: 6,
  })
  await step({
    heading: "Too late",
    says: "`--timeout` is the limit of a call.",
    line: "alchemy apps list --timeout 500",
    env: { ALCHEMY_ADMIN_API_BASE_URL: await world.slowServer(2000) },
    exit: 6,
  })
  await step({
    heading: "No app is selected",
    says: "And how to select one.",
    line: "alchemy apps get --profile work",
    exit: 2,
  })
  await step({
    heading: "In a small terminal",
    says: "Broken between words, below the sign.",
    line: "alchemy apps delete app_nowhere --no-interactive",
    size: { columns: 40, rows: 24 },
    exit: 2,
  })
}
