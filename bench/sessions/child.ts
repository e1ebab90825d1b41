import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

/** A process that answers each message with one. */
export type Child<Question, Answer> = {
  /** One question at a time. */
  ask(question: Question): Promise<Answer>
  /** Lets it end, and waits for that. */
  stop(): Promise<void>
}

/** Starts a program of this folder; resolves when it has sent its first message. */
export async function startChild<Question extends object, Answer>(
  file: string,
  argument: string,
  execArgv: readonly string[] = [],
): Promise<Child<Question, Answer>> {
  const child = fork(join(import.meta.dirname, file), [argument], {
    execArgv: [...process.execArgv, ...execArgv],
  })
  const exited = once(child, "exit")
  const reply = async () => {
    const answer = await Promise.race([once(child, "message"), exited.then(() => null)])
    if (answer === null) throw new Error(`${file} has ended; it says above why`)
    return answer[0] as Answer
  }
  await reply()
  return {
    ask: (question) => {
      child.send(question)
      return reply()
    },
    stop: async () => {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
