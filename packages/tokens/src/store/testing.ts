import type { RedisSocket, Word } from "./redis-socket.ts"

/** A socket that answers as it is told, and remembers what it was sent. */
export type FakeSocket = RedisSocket & { readonly sent: Word[][]; readonly isDestroyed: () => boolean }

/** @param answer the reply of a command; an error is what the promise is rejected with */
export function createFakeSocket(
  answer: (words: readonly Word[]) => unknown = () => "OK",
  port = 6379,
): FakeSocket {
  const sent: Word[][] = []
  let destroyed = false
  const destroy = () => {
    destroyed = true
  }
  return {
    address: { host: "127.0.0.1", port },
    sent,
    isDestroyed: () => destroyed,
    send: async (words) => {
      sent.push([...words])
      return answer(words)
    },
    subscribe: async (channel) => {
      sent.push(["SUBSCRIBE", channel])
    },
    close: async () => destroy(),
    destroy,
    lose: destroy,
  }
}

/** A script as `defineScript` makes it, with a digest that is its text. */
export const fakeScript = (text: string) => ({ SCRIPT: text, SHA1: `sha1 of ${text}` })
