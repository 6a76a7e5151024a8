import type { Effect } from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { Stream } from "effect/Stream"

/** One slice of what the microphone heard. Int16Array, mono, 16 kHz, always `FRAME_SAMPLES` (512) long. */
export interface HearingFrame {
  readonly samples: Int16Array
  /** Position of the first sample since the input opened; the audio clock is this count, and goes on when it opens anew. */
  readonly startSample: number
  /** True where the device delivered nothing and silence stands in, so that the audio clock goes on. */
  readonly gap: boolean
}

/** Speech to be played. Int16Array, mono, at the voice's own rate. */
export interface SpeechPcm {
  readonly samples: Int16Array
  readonly rateHz: number
}

export interface AudioDevice {
  /** The name that stays the same across reboots and re-plugging. */
  readonly name: string
  readonly description: string
  readonly direction: "input" | "output"
  readonly isDefault: boolean
}

/** What went wrong with a device, in a sentence a person can act on. */
export interface AudioFailure {
  readonly _tag: "AudioFailure"
  readonly message: string
  readonly cause?: unknown
}

/** What the input noticed about itself, beside the frames. */
export type InputHealth =
  | { readonly type: "open"; readonly device: string }
  | { readonly type: "stalled"; readonly forMs: number }
  | { readonly type: "all-zero"; readonly forMs: number }
  | { readonly type: "muted" }
  | { readonly type: "vanished"; readonly reason: string }
  | { readonly type: "recovered" }

export interface AudioInput {
  /** Ends when a file ends; a live device never ends, it re-opens. */
  readonly frames: Stream<HearingFrame, AudioFailure>
  readonly health: Stream<InputHealth>
}

export interface AudioOutput {
  readonly rateHz: number
  /** Hands samples (Int16Array, mono, `rateHz`) to the device. The caller paces; see `MAX_AHEAD_MS`. */
  write(samples: Int16Array): Effect<void, AudioFailure>
  /** Drops what the device has not played yet and says how much that was. */
  flush(): Effect<{ readonly droppedSamples: number }, AudioFailure>
  /** From handing a sample over to hearing it, as the device reports it. */
  latencyMs(): number
}

export interface OpenInput {
  /** A device name; absent means the system's default. */
  readonly device?: string | undefined
}

export interface OpenOutput extends OpenInput {
  readonly rateHz: number
}

export interface AudioBackend {
  readonly id: "pulse" | "naudiodon" | "file" | "null"
  readonly devices: Effect<readonly AudioDevice[], AudioFailure>
  openInput(options: OpenInput): Effect<AudioInput, AudioFailure, Scope>
  openOutput(options: OpenOutput): Effect<AudioOutput, AudioFailure, Scope>
}
