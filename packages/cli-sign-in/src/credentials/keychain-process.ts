// A program: answers one KeychainRequest from stdin with a KeychainAnswer on stdout. See keychain.ts for why it is one.
import type { KeychainAnswer, KeychainRequest } from "./keychain.ts"

async function answerTo(request: KeychainRequest): Promise<KeychainAnswer> {
  let keyring: typeof import("@napi-rs/keyring")
  try {
    keyring = await import("@napi-rs/keyring")
  } catch {
    return { error: "the library could not be loaded", missingLibrary: true }
  }
  try {
    // On Linux the library would fall back to the kernel's keyring, which forgets everything at a restart.
    const store = { linux: { store: "secret-service" as const } }
    const entry = new keyring.Entry(request.service, request.entry, store)
    if (request.do === "read") return { secret: entry.getPassword() }
    if (request.do === "write") entry.setPassword(request.secret ?? "")
    else entry.deleteCredential()
    return { secret: null }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

let input = ""
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk
process.stdout.write(JSON.stringify(await answerTo(JSON.parse(input) as KeychainRequest)))
