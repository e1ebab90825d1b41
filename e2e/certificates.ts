import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

/** Paths of PEM files: a CA, and a certificate that it signed, for servers and clients, with its private key. */
export type Certificates = { ca: string; cert: string; key: string; remove(): Promise<void> }

const openssl = promisify(execFile)

/**
 * Makes a CA that nobody knows, and a certificate of it, valid for a day, in a directory of their own. Needs the command `openssl`.
 * @param hosts names that the certificate is for, besides 127.0.0.1 and localhost
 */
export async function createCertificates(hosts: readonly string[] = []): Promise<Certificates> {
  const directory = await mkdtemp(join(tmpdir(), "authchemy-certificates-"))
  const at = (name: string) => join(directory, name)
  const newKey = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    at(name),
  ]
  const names = ["localhost", ...hosts].map((host) => `DNS:${host}`)
  await writeFile(at("extensions"), `subjectAltName=IP:127.0.0.1,${names.join(",")}\n`)
  const run = (...flags: string[]) => openssl("openssl", flags)
  await run("req", "-x509", ...newKey("ca.key"), "-out", at("ca.pem"), "-days", "1", "-subj", "/CN=Test CA")
  await run("req", ...newKey("redis.key"), "-out", at("redis.csr"), "-subj", "/CN=redis")
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "1"]
  await run(
    "x509",
    "-req",
    "-in",
    at("redis.csr"),
    ...signed,
    "-extfile",
    at("extensions"),
    "-out",
    at("redis.pem"),
  )
  return {
    ca: at("ca.pem"),
    cert: at("redis.pem"),
    key: at("redis.key"),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
