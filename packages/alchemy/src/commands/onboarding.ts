import type { Command, CommandContext, Result } from "../command.ts"
import { resolveSettings } from "../config/settings.ts"
import { CLIError } from "../errors.ts"
import type { Style } from "../output/style.ts"

/**
 * `alchemy` alone in a terminal where a person can be asked: where nothing is set up it greets and offers to sign in, else it
 * shows the help.
 */
export function onboardingCommand(help: string): Command<Record<never, never>> {
  return { parse: () => ({}), run: (_options, context) => onboardingRun(help, context) }
}

async function onboardingRun(help: string, context: CommandContext): Promise<Result> {
  if (await isSetUp(context)) return { data: null, text: () => help, verbatim: true }
  const { report, prompter } = context
  report.note("Welcome to alchemy.")
  report.note("Nothing is set up on this machine yet: there is no sign-in and no access key.")
  report.note("To sign in, you approve on a page in a browser. No password is typed here.\n")
  if (!(await prompter.confirm("Sign in now?", { initially: true }))) {
    return {
      data: { status: "not_signed_in" },
      text: (style) => `Nothing was changed.\n${nextCommands(style, NOT_SIGNED_IN)}`,
    }
  }
  const { command } = await import("./auth/login.ts")
  const signedIn = await command.run(command.parse([], {}), context)
  const { app } = await (await context.config()).values()
  const next = typeof app === "string" && app !== "" ? WITH_APP : WITHOUT_APP
  return { ...signedIn, text: (style) => `${signedIn.text(style)}\n${nextCommands(style, next)}` }
}

/** Whoever has a configuration that cannot be read has one. */
async function isSetUp(context: CommandContext): Promise<boolean> {
  if (context.env.ALCHEMY_AUTH_TOKEN) return true
  try {
    const config = await context.config()
    const { accessKey } = resolveSettings(await config.values(), context)
    return accessKey !== null || (await config.store.signIn()) !== null
  } catch (error) {
    if (error instanceof CLIError) return true
    throw error
  }
}

type Next = readonly (readonly [command: string, what: string])[]

const NOT_SIGNED_IN: Next = [
  ["alchemy auth", "signs in, whenever you like"],
  ["alchemy --help", "lists every command"],
]
const WITH_APP: Next = [
  ["alchemy apps get", "shows the app that is selected"],
  ["alchemy --help", "lists every command"],
]
const WITHOUT_APP: Next = [
  ["alchemy apps chains", "lists the networks that an app can have"],
  ["alchemy --help", "lists every command"],
]

function nextCommands(style: Style, next: Next): string {
  return next.map(([command, what]) => `  Next: ${style.bold(command)}  ${style.dim(what)}\n`).join("")
}
