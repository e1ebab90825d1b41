import type { Patient } from "./patient.ts"

/** `ok`: as it should be; `note`: worth knowing, nothing fails for it; `problem`: something fails, or will. */
export type Verdict = "ok" | "note" | "problem"

/** What one look found. None of its texts holds a secret. */
export type Finding = {
  lookedAt: string
  found: string
  verdict: Verdict
  /** What to do about it. */
  todo?: string | undefined
  /** What was mended already. */
  fixed?: string | undefined
  /** Mends it, for `--fix`; it is looked at again afterwards. Resolves to what was done; `undefined`: nothing could be. */
  fix?: (() => Promise<string | undefined>) | undefined
}

/** One thing that is looked at. */
export type Check = {
  /** For programs, for example `config-file`. */
  readonly id: string
  /** For people, for example `config file`. */
  readonly title: string
  /** Left out with `--offline`. */
  readonly asksServers?: boolean
  /** @throws NotLookedAt where something else is in the way, CLIError where that is what is wrong */
  look(patient: Patient): Promise<Finding>
}

/** It could not be looked at, for a reason that another check reports. */
export class NotLookedAt extends Error {
  readonly code = "not_looked_at"
}

/** The worst of several verdicts. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.includes("problem") ? "problem" : verdicts.includes("note") ? "note" : "ok"
}

/** Something that one check found, of several. */
export type Fault = { verdict: "note" | "problem"; found: string; todo?: string | undefined }

/** One finding from several faults; `fine` is said where there is none. */
export function findingOf(lookedAt: string, fine: string, faults: readonly Fault[]): Finding {
  const todo = faults.flatMap((fault) => fault.todo ?? []).join(" ")
  return {
    lookedAt,
    found: faults.length === 0 ? fine : faults.map(({ found }) => found).join("; "),
    verdict: worstOf(faults.map(({ verdict }) => verdict)),
    ...(todo === "" ? {} : { todo }),
  }
}
