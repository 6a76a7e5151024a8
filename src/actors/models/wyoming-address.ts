import * as Effect from "effect/Effect"
import type { Config } from "../../config/definition.ts"
import { ModelError } from "../../models/model-error.ts"
import { type WyomingClient, wyomingClient } from "../../models/wyoming.ts"
import { wyomingEndpoint } from "../../models/wyoming-endpoint.ts"
import type { ModelFailure } from "../../ports/models.ts"

/** Where a Wyoming server listens, and what is asked of it. */
export interface WyomingAddress {
  /** `stt.wyoming_url`. */
  readonly url: string
  /** `privacy.allow_remote_stt`. */
  readonly allowRemote: boolean
  readonly transcribeDeadlineMs: number
}

/** Whisper takes several seconds on a small CPU. */
const TRANSCRIBE_MS = 20_000

export const configuredAddress = ({ stt, privacy }: Config): WyomingAddress => ({
  url: stt.wyomingUrl,
  allowRemote: privacy.allowRemoteStt,
  transcribeDeadlineMs: TRANSCRIBE_MS,
})

/** Fails where sound may not be sent: not as `refused`, since the ledger's reasons for that are said aloud. */
export const clientAt = (address: WyomingAddress): Effect.Effect<WyomingClient, ModelFailure> =>
  wyomingEndpoint(address.url, { allowRemote: address.allowRemote }).pipe(
    Effect.map((endpoint) => wyomingClient({ endpoint, deadlineMs: address.transcribeDeadlineMs })),
    Effect.mapError(({ model, message }) => new ModelError({ model, reason: "unavailable", message })),
  )
