import type { Config } from "../config.ts"
import { createLogger } from "../logging.ts"
import { createMailer } from "../mail/mailer.ts"
import { checkAddress, checkProxies, checkTls } from "./address.ts"
import {
  CHECK_LIMIT_MS,
  type CheckResult,
  type Finding,
  reasonOf,
  runCheck,
  warning,
  wrong,
} from "./check.ts"
import { checkClock, observeClocks } from "./clock.ts"
import { hiding } from "./hidden.ts"
import { checkBreachedPasswords, checkMail, checkProvider } from "./others.ts"
import { checkClientsFile, checkCodeChallenge, checkSecret, checkSignUp } from "./settings.ts"
import { checkDatabase, checkDataDirectory, checkTokenStore, checkWebhook } from "./stores.ts"

/** Shorter than a check may take, so that a mail server's silence is told as such. */
const MAIL_TIMEOUTS = { connectMs: 5_000, greetingMs: 5_000, wholeMs: CHECK_LIMIT_MS - 1_000 }

/**
 * Looks at all that a server of this configuration needs, at once, and within ten seconds. Changes nothing, and goes on where a check fails.
 * @param options.env what the configuration was read from: its secrets are kept out of what others say
 * @param options.onResult told of each in a fixed order, as soon as it and those before it are known
 */
export async function examine(options: {
  config: Config
  env: Readonly<Record<string, string | undefined>>
  fetch: typeof globalThis.fetch
  now: () => number
  onResult: (result: CheckResult) => void
}): Promise<CheckResult[]> {
  const { config, env, fetch, now, onResult } = options
  const { clientsFile, webhook, providers } = config
  const hide = hiding(
    env,
    providers.map(({ clientSecret }) => clientSecret),
  )
  const look = (
    name: string,
    work: () => Finding | Promise<Finding>,
    onFault: (reason: string) => Finding = cannotBeLookedAt,
  ) => runCheck(name, work, (error) => onFault(hide(reasonOf(error))))
  const clocks = observeClocks(fetch, now)
  const mailer = createMailer({
    ...{ smtp: config.smtp, from: config.mailFrom, siteName: config.brand.name, now },
    logger: createLogger({ write: () => {} }),
    timeouts: MAIL_TIMEOUTS,
  })

  const address = look("address", () => checkAddress(config, clocks.send), nothingAnswers(config))
  const upstream = providers.map((provider) =>
    look(
      `provider ${provider.id}`,
      () => checkProvider(provider, clocks.send),
      (reason) =>
        wrong(
          `${provider.name} is out of reach: ${reason}`,
          "Check its issuer, and what this machine can reach.",
        ),
    ),
  )
  const breached = look(
    "stolen passwords",
    () => checkBreachedPasswords(config, clocks.send),
    (reason) =>
      warning(
        `the list cannot be reached, so stolen passwords are accepted: ${reason}`,
        "Allow the server to reach it, or set AUTHCHEMY_BREACHED_PASSWORDS_URL=off.",
      ),
  )
  const asked = Promise.all([address, ...upstream, breached])
  const running = [
    look("data directory", () => checkDataDirectory(config)),
    look("secret", () => checkSecret(config)),
    look("database", () => checkDatabase(config), databaseFault(config)),
    look("token store", () => checkTokenStore(config), storeFault(config)),
    ...(clientsFile === null ? [] : [look("clients file", () => checkClientsFile(clientsFile))]),
    look(
      "mail",
      () => checkMail(config, mailer),
      (reason) => wrong(`the server does not take mail: ${reason}`, "Check AUTHCHEMY_SMTP_URL."),
    ),
    address,
    look(
      "TLS",
      () => checkTls(config, now()),
      (reason) =>
        wrong(
          `there is no good TLS at ${config.issuer}: ${reason}`,
          "Check the certificate of the proxy in front of this server.",
        ),
    ),
    look("proxies", () => checkProxies(config)),
    look("clock", async () => {
      await asked
      return checkClock(config, clocks.differences(), now)
    }),
    look("sign-up", () => checkSignUp(config)),
    ...upstream,
    breached,
    ...(webhook === null ? [] : [look("webhook", () => checkWebhook(config, webhook.url, now()))]),
    ...(config.allowCodeWithoutPkce ? [look("code challenge", checkCodeChallenge)] : []),
  ]
  const results: CheckResult[] = []
  for (const check of running) {
    const result = await check
    results.push(result)
    onResult(result)
  }
  await mailer.close()
  return results
}

function nothingAnswers({ issuer }: Config): (reason: string) => Finding {
  return (reason) =>
    warning(`nothing can be asked at ${issuer}: ${reason}`, "Start the server, or check AUTHCHEMY_URL.")
}

function databaseFault({ databaseUrl, dataDirectory }: Config): (reason: string) => Finding {
  return databaseUrl === null
    ? (reason) =>
        wrong(`the SQLite file cannot be read: ${reason}`, `See whose the files in ${dataDirectory} are.`)
    : (reason) =>
        wrong(
          `PostgreSQL is out of reach: ${reason}`,
          "Check AUTHCHEMY_DATABASE_URL, and that PostgreSQL runs.",
        )
}

function storeFault({ redisUrl, dataDirectory }: Config): (reason: string) => Finding {
  return redisUrl === null
    ? (reason) =>
        wrong(`the SQLite file cannot be used: ${reason}`, `See whose the files in ${dataDirectory} are.`)
    : (reason) => wrong(`Redis cannot be used: ${reason}`, "Check AUTHCHEMY_REDIS_URL, and that Redis runs.")
}

function cannotBeLookedAt(reason: string): Finding {
  return wrong(`it cannot be looked at: ${reason}`, "See that this user may.")
}
