/** What the parent asks of a naudiodon child, as JSON in its first argument. */
export type NaudiodonRequest =
  | { readonly mode: "list" }
  | { readonly mode: "input"; readonly device?: string | undefined }
  | { readonly mode: "output"; readonly device?: string | undefined; readonly rateHz: number }

export interface NaudiodonDevice {
  /** PortAudio's own number; it changes when devices come and go, so it never leaves the child and its parent. */
  readonly id: number
  readonly name: string
  readonly inputs: number
  readonly outputs: number
  readonly isDefaultInput: boolean
  readonly isDefaultOutput: boolean
}

/** What the child says on its fd 3, one JSON object a line. */
export type NaudiodonStatus =
  | { readonly type: "devices"; readonly devices: readonly NaudiodonDevice[] }
  | {
      readonly type: "open"
      readonly device: string
      readonly rateHz: number
      readonly latencyMs: number
    }
  /** Samples that the device has taken since it opened, dropped ones not counted. */
  | { readonly type: "taken"; readonly samples: number }
  | { readonly type: "failed"; readonly message: string }

/** On the child's stdin when it plays: one byte of type, u32 little-endian length, then that many bytes of s16le. */
export const PLAY_AUDIO = 1
export const PLAY_FLUSH = 2
export const PLAY_HEADER_BYTES = 5
