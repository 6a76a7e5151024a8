import * as Data from "effect/Data"
import type { ModelFailure } from "../ports/models.ts"

/** The port's `ModelFailure` as an error that can be yielded. */
export class ModelError extends Data.TaggedError("ModelFailure")<Omit<ModelFailure, "_tag">> {}
