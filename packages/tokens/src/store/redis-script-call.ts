import type { RedisSocket, Word } from "./redis-socket.ts"

/** What a connection needs of a script, as `defineScript` of `@redis/client` makes it: the text, and its SHA-1 in hex. */
export type Script = { readonly SCRIPT: string; readonly SHA1: string }

/** One call of a script. All keys are on one slot, and the script touches no others. */
export type ScriptCall = {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly Word[]
}

/** The call by digest, which a server that does not know the script answers with `NOSCRIPT`. */
export function byDigest({ script, keys, args }: ScriptCall): Word[] {
  return ["EVALSHA", script.SHA1, String(keys.length), ...keys, ...args]
}

/** The call with the script's text. */
export function byText({ script, keys, args }: ScriptCall): Word[] {
  return ["EVAL", script.SCRIPT, String(keys.length), ...keys, ...args]
}

/** Calls a script, which is sent only where the server does not know it. Texts in the reply are Buffers. */
export async function callScript(socket: RedisSocket, call: ScriptCall, limitMs: number): Promise<unknown> {
  try {
    return await socket.send(byDigest(call), { limitMs, bytes: true })
  } catch (error) {
    if (!isReply(error, "NOSCRIPT")) throw error
    return await socket.send(byText(call), { limitMs, bytes: true })
  }
}

/** Whether this is the error reply that begins with this word. */
export function isReply(error: unknown, word: string): error is Error {
  return error instanceof Error && error.message.startsWith(word)
}

/** Whether a server says that it is a replica. Before Redis 7 the word stands in the middle of what a script's error says. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && /(^|-)READONLY /.test(error.message)
}
