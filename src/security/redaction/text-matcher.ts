/** Where a pattern was found; `pattern` is its index. */
export interface Match {
  readonly start: number
  readonly end: number
  readonly pattern: number
}

const WHITE_SPACE = new Set([9, 10, 11, 12, 13, 32])

/**
 * Finds many texts at once, in a time that grows with the text and not with the patterns (Aho and Corasick, 1975).
 * ASCII letters are compared without their case, and white space is no character, so that a value that was wrapped is
 * found as well.
 */
export class TextMatcher {
  readonly #classOf = new Map<number, number>()
  /** Next state by `state * classes + class`; states are counted from 1, and 0 is none. */
  readonly #edges = new Map<number, number>()
  readonly #classes: number
  /** Longest proper suffix of a state that is a state too; 1 is the empty one. */
  readonly #fallback: number[] = [0, 1]
  /** Pattern that ends in a state, or -1. */
  readonly #ends: number[] = [-1, -1]
  /** The nearest state, itself or a suffix, in which a pattern ends; 0: none. */
  readonly #reports: number[] = [0, 0]
  /** Characters that count. */
  readonly #lengths: readonly number[]

  constructor(patterns: readonly string[]) {
    const folded = patterns.map(countedUnits)
    this.#lengths = folded.map((units) => units.length)
    for (const unit of folded.flat())
      if (!this.#classOf.has(unit)) this.#classOf.set(unit, this.#classOf.size)
    this.#classes = this.#classOf.size
    const paths = folded.map((units, pattern) => this.#insert(units, pattern))
    this.#link(paths)
  }

  /**
   * Matches in the order of their ends. Where several end together, the longest that `accepts` takes is given, and no
   * other.
   */
  find(text: string, accepts: (match: Match) => boolean): readonly Match[] {
    const matches: Match[] = []
    const places = new Int32Array(text.length)
    let counted = 0
    let state = 1
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at)
      if (WHITE_SPACE.has(unit)) continue
      places[counted] = at
      counted += 1
      const unitClass = this.#classOf.get(folded(unit))
      state = unitClass === undefined ? 1 : this.#next(state, unitClass)
      for (let end = this.#reports[state] ?? 0; end > 0; end = this.#reports[this.#fallback[end] ?? 0] ?? 0) {
        const pattern = this.#ends[end] ?? -1
        const start = places[counted - (this.#lengths[pattern] ?? 0)] ?? 0
        const match = { start, end: at + 1, pattern }
        if (!accepts(match)) continue
        matches.push(match)
        break
      }
    }
    return matches
  }

  #next(from: number, unitClass: number): number {
    let state = from
    for (;;) {
      const to = this.#edges.get(state * this.#classes + unitClass)
      if (to !== undefined) return to
      if (state === 1) return 1
      state = this.#fallback[state] ?? 1
    }
  }

  /** The states along the pattern. */
  #insert(units: readonly number[], pattern: number): readonly Step[] {
    const path: Step[] = []
    let state = 1
    for (const unit of units) {
      const unitClass = this.#classOf.get(unit) ?? 0
      const edge = state * this.#classes + unitClass
      const to = this.#edges.get(edge) ?? this.#fallback.length
      if (to === this.#fallback.length) {
        this.#edges.set(edge, to)
        this.#fallback.push(1)
        this.#ends.push(-1)
        this.#reports.push(0)
      }
      path.push({ from: state, unitClass, to })
      state = to
    }
    if (units.length > 0) this.#ends[state] = pattern
    return path
  }

  /** By depth: the fallback of a state is shorter than it and is known before. */
  #link(paths: readonly (readonly Step[])[]): void {
    const done = new Set<number>()
    const deepest = paths.reduce((depth, path) => Math.max(depth, path.length), 0)
    for (let depth = 0; depth < deepest; depth += 1)
      for (const path of paths) {
        const step = path[depth]
        if (step === undefined || done.has(step.to)) continue
        done.add(step.to)
        const fallback = depth === 0 ? 1 : this.#next(this.#fallback[step.from] ?? 1, step.unitClass)
        this.#fallback[step.to] = fallback
        this.#reports[step.to] = this.#ends[step.to] === -1 ? (this.#reports[fallback] ?? 0) : step.to
      }
  }
}

interface Step {
  readonly from: number
  readonly unitClass: number
  readonly to: number
}

/** The text as the matcher compares it. */
export const comparable = (text: string): string => String.fromCharCode(...countedUnits(text))

const countedUnits = (text: string): readonly number[] =>
  Array.from({ length: text.length }, (_, at) => folded(text.charCodeAt(at))).filter(
    (unit) => !WHITE_SPACE.has(unit),
  )

const folded = (unit: number): number => (unit >= 65 && unit <= 90 ? unit + 32 : unit)
