import type { Command, CommandContext, Result } from "../../command.ts"
import { nameDirectoryProfile, placeOfDirectoryFile } from "../../config/directory-file.ts"
import type { ConfigFile } from "../../config/file.ts"
import { pathForPeople } from "../../config/path.ts"
import { DEFAULT_PROFILE, directoryProfile } from "../../config/profile.ts"
import { CLIError } from "../../errors.ts"
import { textFlag } from "../../flags.ts"
import { printable } from "../../output/printable.ts"

export type SwitchOptions = {
  /** A profile's name, or the e-mail address or id of the account that is signed in with it. */
  account: string | undefined
  /** For wherever nothing else names a profile, in place of a directory. */
  asDefault: boolean
}

export const command: Command<SwitchOptions> = {
  parse: ([account], raw) => ({
    account: textFlag(account, "The account"),
    asDefault: raw.default === true,
  }),
  run: switchRun,
}

type KnownProfile = { name: string; account: { id: string; email: string } | null; signedIn: boolean }

/**
 * Uses another profile in this directory and below, and nowhere else: commands that run in other directories go on as
 * before. With `asDefault` wherever no directory, flag or variable names one.
 */
export async function switchRun(options: SwitchOptions, context: CommandContext): Promise<Result> {
  const config = await context.config()
  const known = await knownProfiles(config)
  // Where there is nothing to write, nobody is asked.
  const place = options.asDefault ? null : await placeOfDirectoryFile(context)
  const profile =
    options.account === undefined ? await chosen(known, config, context) : named(options.account, known)
  if (place === null) {
    await config.set("profile", profile.name === DEFAULT_PROFILE ? undefined : profile.name)
  } else {
    await nameDirectoryProfile(place.path, profile.name, context)
  }
  warnOfWhatComesFirst(profile.name, place === null, context)
  const path = place?.path ?? config.path
  const email = profile.account === null ? null : printable(profile.account.email)
  const where =
    place === null
      ? "Where no directory, flag or variable names one"
      : `In ${printable(pathForPeople(place.directory, context.homeDirectory))} and below`
  return {
    data: {
      profile: profile.name,
      account: email,
      signedIn: profile.signedIn,
      scope: place === null ? "default" : "directory",
      ...(place === null ? {} : { directory: place.directory }),
      path,
    },
    text: (style) =>
      [
        `${style.green("✓")} ${where}, commands use the profile ${style.bold(profile.name)}${email === null ? "" : ` (${email})`}.\n`,
        profile.signedIn
          ? ""
          : `  Nobody is signed in with it. Next: ${style.bold(`alchemy auth --profile ${profile.name}`)}\n`,
      ].join(""),
    sentenceOnly: true,
  }
}

async function knownProfiles(config: ConfigFile): Promise<KnownProfile[]> {
  const profiles = await config.profiles()
  return Promise.all(
    profiles.map(async ({ name, store }) => {
      const signIn = await store.signIn()
      return { name, account: signIn?.account ?? null, signedIn: signIn !== null }
    }),
  )
}

function named(account: string, known: readonly KnownProfile[]): KnownProfile {
  const byName = known.find(({ name }) => name === account)
  if (byName !== undefined) return byName
  const wanted = account.toLowerCase()
  const matches = known.filter(
    (profile) => profile.account?.email.toLowerCase() === wanted || profile.account?.id === account,
  )
  const [only, ...more] = matches
  if (only !== undefined && more.length === 0) return only
  const shown = printable(account, 60)
  if (only !== undefined) {
    throw new CLIError("INVALID_ARGS", `${shown} is signed in with more than one profile.`, {
      hint: `Name one of them: ${matches.map(({ name }) => name).join(", ")}.`,
    })
  }
  throw new CLIError("INVALID_ARGS", `There is no profile ${shown}, and no account of that name.`, {
    hint: `${listed(known)} \`alchemy auth --profile <name>\` makes another.`,
  })
}

async function chosen(
  known: readonly KnownProfile[],
  config: ConfigFile,
  context: CommandContext,
): Promise<KnownProfile> {
  if (!context.flags.interactive || known.length < 2) {
    throw new CLIError(
      "INVALID_ARGS",
      known.length < 2 ? "There is only one profile." : "A profile must be named where nobody can be asked.",
      { hint: `${listed(known)} \`alchemy auth --profile <name>\` makes another.` },
    )
  }
  const current = known.find(({ name }) => name === config.profile.name)
  return context.prompter.choose(
    "Which profile?",
    known.map((profile) => ({
      value: profile,
      label: profile.name,
      hint: profile.account?.email ?? (profile.signedIn ? undefined : "not signed in"),
    })),
    current === undefined ? {} : { current },
  )
}

function listed(known: readonly KnownProfile[]): string {
  const shown = known.map(({ name, account }) =>
    account === null ? name : `${name} (${printable(account.email, 100)})`,
  )
  return `The profiles are: ${shown.join(", ")}.`
}

function warnOfWhatComesFirst(name: string, isDefault: boolean, context: CommandContext): void {
  const { env, report, homeDirectory } = context
  if (env.ALCHEMY_PROFILE && env.ALCHEMY_PROFILE.trim() !== name) {
    report.warning(
      `ALCHEMY_PROFILE is set to ${printable(env.ALCHEMY_PROFILE, 70)}, and comes first. Unset it to use ${name}.`,
    )
  }
  if (!isDefault) return
  const directory = directoryProfile(context)
  if (directory !== null && directory.name !== name) {
    const path = printable(pathForPeople(directory.path, homeDirectory))
    report.warning(`${path} names ${printable(directory.name, 70)}, which comes first here.`)
  }
}
