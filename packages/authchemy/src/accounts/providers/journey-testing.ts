import type { DatabaseUnderTest } from "../../database/testing.ts"
import type { Account, BrowserSession } from "../accounts.ts"
import type { Providers } from "../built-in.ts"
import { openPartsUnderTest, type PartsUnderTest, requestWith, VISIT } from "../parts-testing.ts"
import type { SignUpPolicy } from "../sign-up-policy.ts"
import type { ProviderSettings } from "./provider-settings.ts"
import { createProviders } from "./providers.ts"
import type { TakeOver } from "./take-over.ts"
import { CLIENT_ID, CLIENT_SECRET, type ProviderUnderTest } from "./testing.ts"

export const CALLBACK = "https://auth.example.com/sign-in/providers/acme/callback"
export const ADA = { sub: "ada-at-acme", email: "Ada@example.com", email_verified: true, name: "Ada L." }

type Options = {
  settings?: Partial<ProviderSettings>
  signUpPolicy?: SignUpPolicy
  takeOver?: TakeOver
  fetch?: typeof globalThis.fetch
  requestSeconds?: number
}

/** What is unusual about a way to the provider and back. */
type Way = {
  linking?: BrowserSession
  /** Who is signed in when the browser comes back; left out, whoever was before. */
  back?: BrowserSession | null
  /** Changes the address on the way there, or on the way back. */
  there?: (url: URL) => void
  home?: (url: URL) => void
  cookies?: (setCookies: string[]) => string[]
}

/** The provider Acme, configured, and a browser that goes there and comes back. */
export type Journey = {
  under: PartsUnderTest
  providers: Providers
  /** The accounts that were made. */
  made: Account[]
  /** Runs while a new browser session is opened. */
  between: () => Promise<void>
  /** Configures anew. */
  open(options?: Options): void
  signIn(
    person?: ProviderUnderTest["person"],
    way?: Way,
  ): Promise<{ outcome: Awaited<ReturnType<Providers["complete"]>>; request: Request }>
}

export async function openJourney(
  database: DatabaseUnderTest,
  acme: ProviderUnderTest,
  options: Options = {},
): Promise<Journey> {
  acme.asked = {}
  const under = await openPartsUnderTest(database, {
    now: Date.now(),
    between: () => journey.between(),
  })
  const made: Account[] = []
  const create = ({ settings, ...others }: Options) =>
    createProviders(under.parts, {
      settings: [
        {
          ...{ id: "acme", name: "Acme", issuer: acme.issuer, emailDomains: null },
          ...{ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, scopes: ["openid", "email", "profile"] },
          ...settings,
        },
      ],
      signUpPolicy: { kind: "open" },
      createAccount: async ({ email }) => {
        const { account } = await under.account(email, { password: false })
        made.push(account)
        return account
      },
      takeOver: async () => false,
      fetch: (...call) => fetch(...call),
      ...others,
    })

  const journey: Journey = {
    ...{ under, made, providers: create(options), between: async () => {} },
    open(change = {}) {
      journey.providers = create(change)
    },
    async signIn(person = ADA, way = {}) {
      acme.person = person
      const { linking = null, back = linking, cookies = (all) => all } = way
      const begun = await journey.providers.begin("acme", { returnTo: "/device", browser: linking })
      if (begun === null) throw new Error("there is no such provider")
      const there = new URL(begun.url)
      way.there?.(there)
      const home = new URL(await acme.visit(there.href))
      way.home?.(home)
      const request = requestWith(cookies(begun.setCookies), home.href)
      return { outcome: await journey.providers.complete("acme", request, back, VISIT), request }
    },
  }
  return journey
}

/** A fetch that changes what the provider answers. */
export const bending =
  (path: RegExp, bend: (response: Response) => Response | Promise<Response>): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    return path.test(String(input)) ? bend(response) : response
  }
