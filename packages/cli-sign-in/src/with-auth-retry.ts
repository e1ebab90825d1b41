/**
 * Calls `call` with a token. Where it throws an error for which `isUnauthorized` is true: takes the sign-in lock shared between
 * processes, looks whether another process has signed in meanwhile (then uses that token), else runs `signIn` once; then
 * calls `call` once more. Of any number of callers that fail at once, one signs in.
 *
 * @param options.token the token to begin with
 * @param options.loadToken the token that is stored now, `null` where there is none
 * @param options.signIn signs in, stores the token and returns it
 * @param options.lock runs its work while no other process holds the sign-in lock
 * @throws whatever `call`, `signIn`, `loadToken` or `lock` throws; the second failure of `call` is final
 */
export async function withAuthRetry<T>(
  options: {
    token: string
    loadToken: () => Promise<string | null>
    signIn: () => Promise<string>
    isUnauthorized: (error: unknown) => boolean
    lock: <R>(work: () => Promise<R>) => Promise<R>
  },
  call: (token: string) => Promise<T>,
): Promise<T> {
  try {
    return await call(options.token)
  } catch (error) {
    if (!options.isUnauthorized(error)) throw error
  }
  const token = await options.lock(async () => {
    const stored = await options.loadToken()
    return stored !== null && stored !== options.token ? stored : options.signIn()
  })
  return call(token)
}
