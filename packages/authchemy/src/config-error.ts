/** What is wrong with a variable, and what it accepts. */
export type ConfigProblem = { variable: string; message: string }

/** The environment cannot be used; `problems` names every variable that is wrong. */
export class ConfigError extends Error {
  readonly code = "config_invalid"
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, message }) => `${variable}: ${message}`).join("\n"))
    this.name = "ConfigError"
    this.problems = problems
  }
}
