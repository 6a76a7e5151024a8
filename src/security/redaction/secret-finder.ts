import { KnownValues } from "./known-values.ts"
import { findNamedValues } from "./named-values.ts"
import { findRandomTokens } from "./random-tokens.ts"
import { findShapedSecrets } from "./shaped-secrets.ts"
import { joinSpans, mark, replaceSpans, type Span } from "./span.ts"

/** Finds secrets by rules that may have to be loaded first. Rejects on trouble. */
export type SecretDetector = (text: string) => Promise<readonly Span[]>

/** A mark can make what stands beside it look like a secret. It never took more than three passes. */
const MAX_PASSES = 8

/** All layers over one text: what is known, what is named, what has the shape of a secret, what is random. */
export class SecretFinder {
  readonly #known = new KnownValues()
  readonly #detector: SecretDetector

  constructor(detector: SecretDetector) {
    this.#detector = detector
  }

  /** The longest known value in its longest encoding, in UTF-16 units. */
  get longestKnown(): number {
    return this.#known.longest
  }

  learn(secrets: Iterable<string>): void {
    this.#known.learn(secrets)
  }

  /** In order and apart. Rejects where a layer fails: nothing of the text may be shown then. */
  async find(text: string): Promise<readonly Span[]> {
    return joinSpans(text, [
      ...this.#known.find(text),
      ...findNamedValues(text),
      ...findShapedSecrets(text),
      ...(await this.#detector(text)),
      ...findRandomTokens(text),
    ])
  }

  /** The text with marks in place of its secrets, and nothing left that would be one beside a mark. */
  async redact(text: string): Promise<string> {
    let redacted = text
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const spans = await this.find(redacted)
      if (spans.length === 0) return redacted
      redacted = replaceSpans(redacted, spans)
    }
    return mark("all")
  }
}
