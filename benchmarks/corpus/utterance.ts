import { createHash } from "node:crypto"

/** One recording to make: pieces of speech with silences of exact length between them. */
export interface Utterance {
  readonly id: string
  /** A Kokoro voice; Jett itself speaks with another engine, so it never hears its own voice here. */
  readonly voice: string
  readonly pieces: readonly (string | { readonly pauseMs: number })[]
  /** Silence before the first piece, so that the detectors are warm. */
  readonly leadMs?: number
}

/** Where the speech of a recording is, in samples at 16 kHz: by its level, not by Jett's own voice activity. */
export interface Label {
  readonly firstVoicedSample: number
  readonly lastVoicedSample: number
  /** The inner pauses as they came out, between the last and the first voiced sample of two pieces. */
  readonly pauses: readonly { readonly fromSample: number; readonly toSample: number }[]
}

/** Raise it when the way recordings are made changes: the cached ones are then made anew. */
const RECIPE = 1

/** The name under which a recording is cached: all that decides its sound, and nothing else. */
export const utteranceHash = (utterance: Utterance, modelSha256: string): string =>
  createHash("sha256")
    .update(JSON.stringify([RECIPE, modelSha256, utterance.voice, utterance.leadMs ?? 0, utterance.pieces]))
    .digest("hex")
    .slice(0, 24)
