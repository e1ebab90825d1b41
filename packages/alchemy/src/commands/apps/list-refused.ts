import { CLIError } from "../../errors.ts"

/**
 * What to say where the server refuses a list. Other errors come back as they are.
 * @param words.said the server's sentence in words of the command line
 * @param words.hint what to do about a wrong entry
 * @param words.shorter what to do about a list that is too long for a request
 */
export function listRefused(
  error: unknown,
  words: { said: (message: string) => string; hint?: string; shorter: string },
): unknown {
  if (!(error instanceof CLIError)) return error
  const { code, message, status, hint } = error
  if (status === 413) {
    const sentence = "The list is too long for one request."
    return new CLIError(code, sentence, { hint: words.shorter, status, cause: error })
  }
  if (status !== 400) return error
  return new CLIError(code, words.said(message), { hint: words.hint ?? hint, status, cause: error })
}
