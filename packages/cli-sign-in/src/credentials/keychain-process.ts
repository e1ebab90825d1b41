// A program: answers one KeychainRequest from stdin with a KeychainAnswer on stdout. See keychain.ts for why it is one.
import type { KeychainAnswer, KeychainRequest } from "./keychain.ts"

type Keyring = typeof import("@napi-rs/keyring")

/** On Linux the library would fall back to the kernel's keyring, which forgets everything at a restart. */
const STORE = { linux: { store: "secret-service" as const } }

/** A Secret Service that is locked may find nothing at all, and says why only to whoever writes. Throws what it says. */
function insistOnUnlocked(service: string, keyring: Keyring): void {
  if (process.platform !== "linux") return
  const probe = new keyring.Entry(service, "check", STORE)
  probe.setPassword("check")
  probe.deleteCredential()
}

async function answerTo(request: KeychainRequest): Promise<KeychainAnswer> {
  let keyring: Keyring
  try {
    keyring = await import("@napi-rs/keyring")
  } catch {
    return { error: "the library could not be loaded", missingLibrary: true }
  }
  try {
    const entry = new keyring.Entry(request.service, request.entry, STORE)
    if (request.do === "write") entry.setPassword(request.secret ?? "")
    const secret = request.do === "read" ? entry.getPassword() : null
    const found =
      request.do === "remove" ? entry.deleteCredential() : request.do === "write" || secret !== null
    if (!found) insistOnUnlocked(request.service, keyring)
    return { secret }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

let input = ""
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk
process.stdout.write(JSON.stringify(await answerTo(JSON.parse(input) as KeychainRequest)))
