/** One thing wrong with the configuration. `message` says where, what was found, what was expected and the fix. */
export interface ConfigProblem {
  /** `wake.threshold`; absent where the file as a whole is at fault. */
  readonly key?: string | undefined
  readonly message: string
}

/** The configuration cannot be used; every problem found is in it, not just the first. Exit code 78. */
export class ConfigError extends Error {
  readonly _tag = "ConfigError"
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map((problem) => problem.message).join("\n"), options)
    this.name = "ConfigError"
    this.problems = problems
  }
}
