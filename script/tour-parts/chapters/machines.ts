import type { Chapter } from "./chapters.ts"

type Session = { id: string; current: boolean }

/** Every machine that is signed in, and what to do about one that should not be. */
export const machines: Chapter = async ({ chapter, step, varies }, world) => {
  chapter("Machines", "Every machine that is signed in to the account.")
  for (let machine = 0; machine < 2; machine++) await world.signInElsewhere()
  const sessions = async () => {
    const answer = (await world.api(await world.token(), "GET", "/v1/sessions")) as { sessions: Session[] }
    varies(...answer.sessions.map(({ id }) => id))
    return answer.sessions
  }
  const [other = { id: "" }] = (await sessions()).filter(({ current }) => !current)
  await step({ heading: "List them", says: "This one first.", line: "alchemy auth sessions" })
  await step({
    heading: "In a small terminal",
    says: "A block each.",
    line: "alchemy auth sessions",
    size: { columns: 40, rows: 24 },
  })
  await step({
    heading: "What would be sent",
    says: "Nothing is sent.",
    line: `alchemy auth sessions revoke ${other.id} --dry-run`,
  })
  await step({
    heading: "End one",
    says: "It is signed out at once.",
    line: `alchemy auth sessions revoke ${other.id}`,
  })
  await step({
    heading: "One that is not there",
    says: "And where to look.",
    line: "alchemy auth sessions revoke no-such-session",
    exit: 4,
  })
  await step({
    heading: "This very one",
    says: "It asks; Enter alone says no.",
    line: `alchemy auth sessions revoke ${(await sessions()).find(({ current }) => current)?.id}`,
    jsonExit: 2,
    acts: async (screen, show) => {
      await screen.shows(/End it\?/)
      await show()
      await screen.press("Enter")
    },
  })
  const leaked = await world.signInElsewhere()
  await world.write("leaked.txt", `${leaked}\nalchemy_at_of_nobody_that_is_known\n`)
  await sessions()
  await step({
    heading: "End leaked tokens",
    says: "Whoever's they are, one a line on stdin; nobody has to be signed in.",
    line: "alchemy auth revoke < leaked.txt",
  })
  await step({
    heading: "Leave only this one",
    says: "Every other session of the account is ended.",
    line: "alchemy auth logout --others",
  })
  await step({
    heading: "The token, on a terminal",
    says: "It is not shown by accident.",
    line: "alchemy auth token",
    exit: 2,
    jsonExit: 0,
  })
  await step({
    heading: "The token, for a script",
    says: "On a pipe it is the token and nothing else.",
    line: "alchemy auth token | wc -c",
    json: null,
  })
}
