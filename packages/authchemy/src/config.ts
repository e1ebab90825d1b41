import { resolve } from "node:path"
import { isLoopbackHost } from "@authchemy/protocol"
import { BREACHED_PASSWORDS_URL, parseBreachedPasswordsUrl } from "./accounts/passwords/breached-passwords.ts"
import { type ProviderSettings, readProviders } from "./accounts/providers/provider-settings.ts"
import { parseSignUp, type SignUpPolicy } from "./accounts/sign-up-policy.ts"
import { parseAuditDays, parseWebhookSecret, parseWebhookUrl } from "./audit/settings.ts"
import type { WebhookOptions } from "./audit/webhook.ts"
import { readBrand } from "./brand-settings.ts"
import { ConfigError, type ConfigProblem } from "./config-error.ts"
import * as values from "./config-values.ts"
import { defaultMailFrom, type MailFrom, parseMailFrom } from "./mail/mail-from.ts"
import { parseSmtpUrl, type SmtpServer } from "./mail/smtp-url.ts"
import type { Brand } from "./pages/site.ts"

/** How the server was told to run. Parsed once at start, frozen. */
export type Config = Readonly<{
  /** 0: any free port. */
  port: number
  host: string
  /** This server's origin, without a trailing slash. */
  issuer: string
  /** Absolute. */
  dataDirectory: string
  /** `null`: codes and sessions in SQLite. As `openStore` takes it. */
  redisUrl: string | null
  /** How many replicas of Redis must have a revocation before it is acknowledged; 0 for a single node. */
  redisReplicas: number
  /** `postgres://…` for accounts, apps and keys; `null`: SQLite in the data directory. */
  databaseUrl: string | null
  /** Absolute; `null`: no clients but the built-in one and those in the database. */
  clientsFile: string | null
  /** `null`: one is generated and kept in the data directory. Never `null` beside `databaseUrl`, which servers share. */
  secret: string | null
  signUp: SignUpPolicy
  /** Whether an account must verify its email before it can sign in. */
  verifyEmail: boolean
  /** What a password is looked up at; `null`: nowhere. */
  breachedPasswordsUrl: string | null
  /** Upstream OpenID Connect providers, in the order in which people see them. */
  providers: readonly ProviderSettings[]
  /** `null`: links are logged for the operator. */
  smtp: SmtpServer | null
  mailFrom: MailFrom
  brand: Brand
  /** How many days an event stays in the audit log. */
  auditDays: number
  /** Who is told of each event; `null`: nobody. */
  webhook: WebhookOptions | null
  allowCodeWithoutPkce: boolean
  trustedProxies: readonly string[]
  /** How many processes serve; 1: this one, and no others. */
  workers: number
  /**
   * How long a server that is told to stop goes on answering before it closes connections that are idle, in seconds. `null`: not at all, and
   * five seconds for a worker whose place another one has taken.
   */
  drainSeconds: number | null
  /** Who brings it may read `/metrics`; `null`: programs on this machine may. */
  metricsToken: string | null
}>

/**
 * Reads `AUTHCHEMY_*`; the README lists the variables and their defaults. An empty value counts as unset.
 * @throws ConfigError with every mistake, each naming its variable and what that accepts
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: ConfigProblem[] = []
  const read = <T>(variable: string, fallback: T, parse: (text: string) => T): T => {
    const text = env[variable]?.trim()
    if (text === undefined || text === "") return fallback
    try {
      return parse(text)
    } catch (error) {
      problems.push({ variable, message: error instanceof Error ? error.message : String(error) })
      return fallback
    }
  }

  const port = read("AUTHCHEMY_PORT", 4000, values.parsePort)
  const issuer = read("AUTHCHEMY_URL", `http://localhost:${port}`, values.parseIssuer)
  const loopback = isLoopbackHost(new URL(issuer).hostname)
  const signUp = read("AUTHCHEMY_ALLOW_SIGN_UP", parseSignUp(loopback ? "open" : "closed"), parseSignUp)
  const smtp = read("AUTHCHEMY_SMTP_URL", null, parseSmtpUrl)
  const webhookUrl = read("AUTHCHEMY_WEBHOOK_URL", null, parseWebhookUrl)
  const webhookSecret = read("AUTHCHEMY_WEBHOOK_SECRET", null, parseWebhookSecret)
  const config: Config = {
    port,
    host: read("AUTHCHEMY_HOST", "127.0.0.1", values.parseHost),
    issuer,
    dataDirectory: resolve(env.AUTHCHEMY_DATA_DIR || "./.authchemy"),
    redisUrl: read("AUTHCHEMY_REDIS_URL", null, values.parseRedisUrl),
    redisReplicas: read("AUTHCHEMY_REDIS_REPLICAS", 0, values.parseReplicas),
    databaseUrl: read("AUTHCHEMY_DATABASE_URL", null, values.parseDatabaseUrl),
    clientsFile: read("AUTHCHEMY_CLIENTS_FILE", null, (path) => resolve(path)),
    secret: read("AUTHCHEMY_SECRET", null, values.parseSecret),
    signUp,
    verifyEmail: read(
      "AUTHCHEMY_VERIFY_EMAIL",
      smtp !== null || signUp.kind === "domains",
      values.parseBoolean,
    ),
    breachedPasswordsUrl: read(
      "AUTHCHEMY_BREACHED_PASSWORDS_URL",
      BREACHED_PASSWORDS_URL,
      parseBreachedPasswordsUrl,
    ),
    providers: readProvidersOf(env, problems),
    smtp,
    mailFrom: read("AUTHCHEMY_MAIL_FROM", defaultMailFrom(issuer), parseMailFrom),
    brand: readBrand(env, problems),
    auditDays: read("AUTHCHEMY_AUDIT_DAYS", 365, parseAuditDays),
    webhook:
      webhookUrl === null || webhookSecret === null ? null : { url: webhookUrl, secret: webhookSecret },
    allowCodeWithoutPkce: read("AUTHCHEMY_ALLOW_CODE_WITHOUT_PKCE", false, values.parseBoolean),
    trustedProxies: read("AUTHCHEMY_TRUSTED_PROXIES", [], values.parseProxies),
    workers: read("AUTHCHEMY_WORKERS", 1, values.parseWorkers),
    drainSeconds: read("AUTHCHEMY_DRAIN_SECONDS", null, values.parseDrainSeconds),
    metricsToken: read("AUTHCHEMY_METRICS_TOKEN", null, values.parseMetricsToken),
  }
  if (config.databaseUrl !== null && !env.AUTHCHEMY_SECRET?.trim()) {
    problems.push({ variable: "AUTHCHEMY_SECRET", message: values.SECRET_WITH_DATABASE })
  }
  // A domain says nothing of an email that is not verified.
  if (signUp.kind === "domains" && !config.verifyEmail) {
    problems.push({ variable: "AUTHCHEMY_VERIFY_EMAIL", message: VERIFY_WITH_DOMAINS })
  }
  if ((webhookUrl === null) !== (webhookSecret === null)) {
    const [variable, other] = webhookUrl === null ? WEBHOOK_VARIABLES : WEBHOOK_VARIABLES.toReversed()
    const missing = problems.some((problem) => WEBHOOK_VARIABLES.includes(problem.variable))
    if (!missing) problems.push({ variable: variable ?? "", message: `must be set beside ${other}` })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

function readProvidersOf(
  env: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
): readonly ProviderSettings[] {
  try {
    return readProviders(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems.push(...error.problems)
    return []
  }
}

const WEBHOOK_VARIABLES = ["AUTHCHEMY_WEBHOOK_URL", "AUTHCHEMY_WEBHOOK_SECRET"]

const VERIFY_WITH_DOMAINS =
  "must be true where AUTHCHEMY_ALLOW_SIGN_UP names domains: only a verified email shows that somebody belongs to one"
