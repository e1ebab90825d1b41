import { hashPassword, verifyPassword } from "better-auth/crypto"

/** Of the four threads that Node works with (libuv's default); the rest goes on resolving names and proving passwords to PostgreSQL. */
const AT_ONCE = 2

/** Password hashes (scrypt, in the form of Better Auth), made and compared. */
export type PasswordHashing = {
  hash(password: string): Promise<string>
  verify(data: { hash: string; password: string }): Promise<boolean>
}

/**
 * One hash keeps a thread busy for some 50 ms. At most two are worked on at once, the others wait in order: a crowd that signs in must not
 * keep the server from opening connections until their time limit has passed.
 */
export function createPasswordHashing(): PasswordHashing {
  const inTurn = createTurns(AT_ONCE)
  return {
    hash: (password) => inTurn(() => hashPassword(password)),
    verify: (data) => inTurn(() => verifyPassword(data)),
  }
}

/** Runs so many pieces of work at once, the others in the order in which they came. */
export function createTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = atOnce
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
