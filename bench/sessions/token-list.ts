import { readFileSync } from "node:fs"

/** How many characters an access token has. */
const TOKEN_LENGTH = 64

/**
 * Many tokens as one run of bytes, so that a process that holds a million of them is not full of strings, and each one that is taken out is a new text, as it would be
 * in a request.
 */
export type TokenList = { count: number; at(index: number): string }

/** Puts tokens together for `readTokens`. @param count how many there will be */
export function tokenWriter(count: number) {
  const bytes = Buffer.alloc(count * TOKEN_LENGTH)
  return {
    bytes,
    put: (index: number, token: string) => {
      if (token.length !== TOKEN_LENGTH) throw new Error(`a token of ${token.length} characters`)
      bytes.write(token, index * TOKEN_LENGTH, "latin1")
    },
  }
}

/** Reads a file of tokens. */
export function readTokens(path: string): TokenList {
  const bytes = readFileSync(path)
  return {
    count: bytes.length / TOKEN_LENGTH,
    at: (index) => bytes.toString("latin1", index * TOKEN_LENGTH, (index + 1) * TOKEN_LENGTH),
  }
}
