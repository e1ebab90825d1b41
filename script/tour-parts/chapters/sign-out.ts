import type { Step } from "../stage.ts"
import type { Chapter } from "./chapters.ts"

/** The four outcomes of a sign-out, and its flags. */
export const signOut: Chapter = async ({ chapter, step }, world) => {
  chapter("Sign out", "Server first, then here, always; what is said is what happened.")
  await step({
    heading: "The session has ended",
    says: "From now on no server accepts the token.",
    line: "alchemy auth logout",
  })
  await step({ heading: "Nothing is stored", says: "There is nothing to do.", line: "alchemy auth logout" })
  await step({
    heading: "A command after that",
    says: "What to type.",
    line: "alchemy apps list",
    exit: 3,
  })
  const signIn: Step = {
    heading: "Sign in once more",
    says: "For the next steps.",
    unseen: true,
    line: "alchemy auth --no-browser --quiet",
    person: { decision: "Approve" },
    afterwards: async (screen) => {
      await screen.shows(/Which app/)
      await screen.press("Enter")
    },
  }
  await step(signIn)
  await world.api(await world.token(), "DELETE", "/v1/sessions")
  await step({
    heading: "It had ended already",
    says: "Somebody was faster.",
    line: "alchemy auth logout",
  })
  await step(signIn)
  await world.stopServer()
  await step({
    heading: "The server is down",
    says: "This machine is signed out all the same; what is kept can end that one session and do nothing else.",
    line: "alchemy auth logout",
  })
  await step({
    heading: "What is pending",
    says: "A process of its own goes on trying, and so does every command.",
    line: "alchemy auth status",
    exit: 3,
  })
  await world.startServer()
  await world.isDelivered()
  await step({
    heading: "The server is back",
    says: "A moment later that session has ended too.",
    line: "alchemy auth status",
    exit: 3,
  })
  await step(signIn)
  await world.stopServer()
  await step({
    heading: "For scripts that must know",
    says: "`--strict` exits with 6 where the server was not reached.",
    line: "alchemy auth logout --strict",
    exit: 6,
  })
  await world.startServer()
  await world.isDelivered()
  await step(signIn)
  await step({
    heading: "With a token in the environment",
    says: "It is named, and left alone.",
    line: "alchemy auth logout",
    env: { ALCHEMY_AUTH_TOKEN: await world.token() },
  })
  await step(signIn)
  await world.signInElsewhere()
  await step({
    heading: "Every machine at once",
    says: "Every session of the account is ended.",
    line: "alchemy auth logout --all",
  })
}
