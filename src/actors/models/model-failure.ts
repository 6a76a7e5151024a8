import { ModelError } from "../../models/model-error.ts"
import { tellsOutOfMemory } from "../../models/out-of-memory.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { HostFailure } from "../hosts/host-handle.ts"

const REASON_OF = {
  died: "died",
  // The host is another one than the model was loaded in.
  "not-loaded": "died",
  hung: "hung",
  deadline: "deadline",
  "load-failed": "load-failed",
  "bad-input": "failed",
  "inference-failed": "failed",
  cancelled: "failed",
  busy: "failed",
} as const satisfies Record<HostFailure["code"], ModelFailure["reason"]>

export const modelErrorFrom = (model: string, failure: HostFailure): ModelError =>
  new ModelError({ model, reason: REASON_OF[failure.code], message: failure.message, cause: failure })

/** True if a load failed because the memory that was granted for it was not there. */
export const isOutOfMemory = ({ reason, message }: ModelFailure): boolean =>
  reason === "load-failed" && tellsOutOfMemory(message)

/** True if the host was lost under the inference through no fault of the inference: a fresh host may do it. */
export const isRetryable = (failure: ModelFailure): boolean =>
  failure.reason === "died" || failure.reason === "hung"
