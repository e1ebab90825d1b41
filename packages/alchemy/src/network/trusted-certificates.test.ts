import { expect, test } from "vitest"
import { extraCertificatesFault, systemCertificates } from "./trusted-certificates.ts"

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`

function files(content: Record<string, string>) {
  return (path: string) => {
    const text = content[path]
    if (text === undefined) throw new Error(`ENOENT ${path}`)
    return text
  }
}

test("the runtime names the system's authorities and the extra ones, where it can", () => {
  const tls = { getCACertificates: (type: string) => (type === "extra" ? ["e", "both"] : ["both", "s"]) }
  expect(systemCertificates({}, { tls })).toEqual(["e", "both", "s"])
})

test.each<[Record<string, string>, string[]]>([
  [{}, [pem("distribution"), pem("second")]],
  [{ SSL_CERT_FILE: "/own.pem" }, [pem("own")]],
  [{ NODE_EXTRA_CA_CERTS: "/extra.pem" }, [pem("extra"), pem("distribution"), pem("second")]],
  [{ SSL_CERT_FILE: "/nowhere", NODE_EXTRA_CA_CERTS: "/nowhere" }, []],
])("an older runtime and %j: read from the files", (env, expected) => {
  const read = files({
    "/etc/ssl/certs/ca-certificates.crt": `# a comment\n${pem("distribution")}\n${pem("second")}\n`,
    "/own.pem": pem("own"),
    "/extra.pem": pem("extra"),
  })
  expect(systemCertificates(env, { tls: {}, read })).toEqual(expected)
})

test("what is wrong with NODE_EXTRA_CA_CERTS is said", () => {
  const read = files({ "/ca.pem": pem("a"), "/key.pem": "-----BEGIN PRIVATE KEY-----" })
  const fault = (path: string) => extraCertificatesFault({ NODE_EXTRA_CA_CERTS: path }, read)
  expect(extraCertificatesFault({}, read)).toBeUndefined()
  expect(fault("/ca.pem")).toBeUndefined()
  expect(fault("/key.pem")).toBe(
    "NODE_EXTRA_CA_CERTS names /key.pem, which holds no certificate in PEM form.",
  )
  expect(fault("/nowhere")).toBe("NODE_EXTRA_CA_CERTS names /nowhere, which cannot be read.")
})
