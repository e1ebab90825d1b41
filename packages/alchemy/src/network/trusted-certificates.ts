import { readFileSync } from "node:fs"

type Environment = Readonly<Record<string, string | undefined>>

/** Where Linux distributions and BSDs keep the authorities that the machine trusts, all in one file. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
]

/** The part of `node:tls` that this needs. Node 22.15 and later can name the system's authorities. */
type Tls = { getCACertificates?: (type: "system" | "extra") => string[] }

/**
 * The authorities, in PEM, that the machine trusts beyond those the runtime comes with: the system's, which
 * `SSL_CERT_FILE` and `SSL_CERT_DIR` may name, and those of `NODE_EXTRA_CA_CERTS`. Costs tens of
 * milliseconds.
 */
export function systemCertificates(
  env: Environment,
  source: { tls?: Tls; read?: (path: string) => string } = {},
): string[] {
  const { tls = process.getBuiltinModule("node:tls") as Tls, read = readText } = source
  const { getCACertificates } = tls
  const certificates =
    getCACertificates === undefined
      ? [env.NODE_EXTRA_CA_CERTS, ...(env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : BUNDLES)].flatMap((path) =>
          path ? certificatesIn(path, read) : [],
        )
      : [...getCACertificates("extra"), ...getCACertificates("system")]
  return Array.from(new Set(certificates))
}

/**
 * What is wrong with `NODE_EXTRA_CA_CERTS`, as a sentence; `undefined` where nothing is. The runtime warns of
 * a file that is not there, and is silent about one without certificates.
 */
export function extraCertificatesFault(env: Environment, read = readText): string | undefined {
  const path = env.NODE_EXTRA_CA_CERTS
  if (!path) return undefined
  try {
    if (certificatesOf(read(path)).length > 0) return undefined
    return `NODE_EXTRA_CA_CERTS names ${path}, which holds no certificate in PEM form.`
  } catch {
    return `NODE_EXTRA_CA_CERTS names ${path}, which cannot be read.`
  }
}

function certificatesIn(path: string, read: (path: string) => string): string[] {
  try {
    return certificatesOf(read(path))
  } catch {
    return []
  }
}

function certificatesOf(text: string): string[] {
  return (
    text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g) ??
    []
  )
}

function readText(path: string): string {
  return readFileSync(path, "latin1")
}
