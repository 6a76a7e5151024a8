import * as Data from "effect/Data"
import type { AudioFailure } from "../ports/audio.ts"

/** The one way a device fails. `message` names what was found, what was expected and the fix. */
export class AudioError
  extends Data.TaggedError("AudioFailure")<{ readonly message: string; readonly cause?: unknown }>
  implements AudioFailure {}
