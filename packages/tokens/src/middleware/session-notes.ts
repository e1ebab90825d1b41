import type { Session } from "../token-service.ts"

/** Remembers whose request it is, for as long as there is the request. */
export type SessionNotes<Request extends object> = {
  note(request: Request, session: Session): void
  /** @throws Error where nothing was noted */
  sessionOf(request: Request): Session
}

export function createSessionNotes<Request extends object>(): SessionNotes<Request> {
  const sessions = new WeakMap<Request, Session>()
  return {
    note: (request, session) => void sessions.set(request, session),
    sessionOf: (request) => {
      const session = sessions.get(request)
      if (session !== undefined) return session
      throw new Error("this request was let through by nobody: put requireToken(…) in front of its handler")
    },
  }
}
