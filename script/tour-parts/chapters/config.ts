import type { Chapter } from "./chapters.ts"

/** The settings of the machine. */
export const config: Chapter = async ({ chapter, step }, world) => {
  chapter("Settings", "Of this machine; secrets are masked, and read from stdin.")
  await step({ heading: "Where they are", says: "One file.", line: "alchemy config path" })
  await step({
    heading: "All of them",
    says: "What is not set says what it is for.",
    line: "alchemy config list",
  })
  await step({
    heading: "Set one",
    says: "The value is checked.",
    line: "alchemy config set network ETH_MAINNET",
  })
  await world.write("key.txt", "a-key-of-some-length-1234\n")
  await step({
    heading: "Set a secret",
    says: "`-` reads it from stdin.",
    line: "alchemy config set access-key - --profile work < key.txt",
  })
  await step({
    heading: "Show it",
    says: "Masked unless `--reveal` is given.",
    line: "alchemy config get access-key --profile work",
  })
  await step({
    heading: "A value that cannot be",
    says: "The message says what can.",
    line: "alchemy config set credential-store somewhere",
    exit: 2,
  })
  await step({
    heading: "Where the token is kept",
    says: "What is stored is moved along.",
    line: "alchemy config set credential-store file",
  })
  await step({
    heading: "A setting that is not there",
    says: "The message lists those there are.",
    line: "alchemy config get colour",
    exit: 2,
  })
  await step({
    heading: "One that is not set",
    says: "And how to set it.",
    line: "alchemy config get admin-url",
    exit: 4,
  })
  await step({ heading: "Remove one", says: "Only that.", line: "alchemy config reset network" })
  await step({
    heading: "Remove all",
    says: "It asks; a sign-in is kept.",
    line: "alchemy config reset --profile work",
    json: "alchemy config reset --profile work --yes",
    acts: async (screen, show) => {
      await screen.shows(/Reset all settings/)
      await show()
      await screen.press("Left")
      await screen.press("Enter")
    },
  })
  await step({ heading: "What is set up", says: "And the next command.", line: "alchemy setup status" })
  await step({
    heading: "In a small terminal",
    says: "The same.",
    line: "alchemy config list",
    size: { columns: 40, rows: 60 },
  })
}
