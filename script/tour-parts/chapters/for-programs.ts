import type { Chapter } from "./chapters.ts"

/** What is there for shells, programs, and those who keep them up to date. */
export const forPrograms: Chapter = async ({ chapter, step }, world) => {
  chapter("For shells and programs", "The same facts as JSON, and a document that describes all of it.")
  await step({
    heading: "JSON at a terminal",
    says: "`--json`; where the output is no terminal it comes by itself, on one line.",
    line: "alchemy auth status --json",
  })
  await step({
    heading: "An error as JSON",
    says: "On stderr, with a code that stays.",
    line: "alchemy apps get app_nowhere --json",
    exit: 4,
  })
  await step({
    heading: "For programs that act by themselves",
    says: "Every command, flag, code and what to do about it, as one document.",
    line: "alchemy agent-prompt",
    cut: { first: 24, last: 12 },
  })
  for (const shell of ["bash", "zsh", "fish"]) {
    await step({
      heading: `Completions for ${shell}`,
      says: "The script says how it is installed.",
      line: `alchemy completions ${shell}`,
      cut: { first: 10, last: 0 },
    })
  }
  await step({
    heading: "Another shell",
    says: "The message lists those there are.",
    line: "alchemy completions tcsh",
    exit: 2,
  })
  const registry = { npm_config_registry: await world.registry("9.1.0") }
  await step({
    heading: "A newer version",
    says: "Only this command asks, once a day at most.",
    line: "alchemy update-check",
    env: registry,
  })
  await step({
    heading: "The newest version",
    says: "Asked anew by `--force`.",
    line: "alchemy update-check --force",
    env: { npm_config_registry: await world.registry("0.1.0") },
  })
  await step({
    heading: "In a CI job",
    says: "Nobody is asked there.",
    line: "alchemy update-check",
    env: { CI: "true" },
  })
  await step({
    heading: "A registry that answers something else",
    says: "Said as it is.",
    line: "alchemy update-check --force",
    env: { npm_config_registry: await world.registry("latest, I think") },
    exit: 8,
  })
  await step({
    heading: "Look for what keeps sign-in from working",
    says: "Every check has a line; what is wrong, what to do.",
    line: "alchemy auth doctor",
    size: { columns: 80, rows: 60 },
  })
  await world.exposeConfig()
  await step({
    heading: "Something is wrong",
    says: "A config file that others may read, and a variable that does nothing; `--fix` mends what can be mended.",
    line: "alchemy auth doctor --offline --fix",
    env: { ALCHEMY_AUHT_URL: "https://auth.example.com" },
    size: { columns: 80, rows: 60 },
  })
}
