import type { Chapter } from "./chapters.ts"

/** Keys for machines that no person sits at. */
export const accessKeys: Chapter = async ({ chapter, step }, world) => {
  chapter("Access keys", "For machines that no person sits at.")
  await step({ heading: "None yet", says: "And what to type.", line: "alchemy access-keys list" })
  const create = "alchemy access-keys create --name ci --scopes apps:read --expires-in 90d"
  await step({ heading: "What would be sent", says: "Nothing is sent.", line: `${create} --dry-run` })
  await step({ heading: "Create one", says: "The key is shown this once.", line: create })
  await step({
    heading: "A scope that is not there",
    says: "The message lists those there are.",
    line: "alchemy access-keys create --name ci --scopes apps:everything",
    exit: 2,
  })
  const key = await world.makeAccessKey("deploy")
  await step({ heading: "List them", says: "Without their secrets.", line: "alchemy access-keys list" })
  await step({
    heading: "In a small terminal",
    says: "A block each.",
    line: "alchemy access-keys list",
    size: { columns: 40, rows: 24 },
  })
  await step({
    heading: "Use one",
    says: "From the environment, as a CI job does; it comes before every sign-in.",
    line: "alchemy apps get",
    env: { ALCHEMY_ACCESS_KEY: key.key },
    cut: { first: 4, last: 0 },
  })
  await step({
    heading: "Which credential wins",
    says: "And what it shadows.",
    line: "alchemy auth why",
    env: { ALCHEMY_ACCESS_KEY: key.key },
  })
  await step({
    heading: "What deleting would send",
    says: "Nothing is sent.",
    line: `alchemy access-keys delete ${key.id} --dry-run`,
  })
  await step({
    heading: "Delete it",
    says: "What uses it stops working at once.",
    line: `alchemy access-keys delete ${key.id} --yes`,
  })
  await step({
    heading: "A key that is no more",
    says: "Where it came from is part of the message.",
    line: "alchemy apps list",
    env: { ALCHEMY_ACCESS_KEY: key.key },
    exit: 3,
  })
}
