import * as Effect from "effect/Effect"
import type { Redactor } from "../ports/redaction.ts"
import { RedactedStream } from "./redaction/redacted-stream.ts"
import { type SecretDetector, SecretFinder } from "./redaction/secret-finder.ts"
import { findServiceKeys } from "./redaction/service-keys.ts"
import { mark } from "./redaction/span.ts"

export interface RedactorOptions {
  /** Values that must never appear, such as those of the configuration; more may be learned later. */
  readonly known?: Iterable<string> | undefined
  /** secretlint's rules where it is not given. */
  readonly detector?: SecretDetector | undefined
}

export interface StreamRedactor extends Redactor {
  /** For text that comes in pieces, a new one for each text: a secret may be split over them. */
  stream(): RedactedStream
}

/**
 * Takes out known values and their encodings, what is named as a secret, what has the shape of one, and what is as
 * random as one. Redacting twice is redacting once. A value that was learned is taken out wherever it stands: a password
 * that is also the name of a container takes the name out as well.
 */
export const makeRedactor = ({
  known = [],
  detector = findServiceKeys,
}: RedactorOptions = {}): StreamRedactor => {
  const finder = new SecretFinder(detector)
  finder.learn(known)
  return {
    learn: (secrets) => finder.learn(secrets),
    redact: (text) =>
      Effect.promise(async () => {
        if (text === "") return ""
        try {
          return await finder.redact(text)
        } catch {
          return mark("all")
        }
      }),
    stream: () => new RedactedStream(finder),
  }
}
