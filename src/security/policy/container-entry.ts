/** A container as the configuration names it: `[containers.NAME]`. */
export interface ContainerEntry {
  readonly name: string
  /** Actions; what is no action is a problem. */
  readonly allow: readonly string[]
  /** Every change of a database is of the danger tier. Left out: by its name. */
  readonly database?: boolean | undefined
  readonly aliases?: readonly string[] | undefined
  /** How Jett says the name. */
  readonly spoken?: string | undefined
  readonly project?: string | undefined
  readonly service?: string | undefined
  readonly stopGraceS?: number | undefined
}
