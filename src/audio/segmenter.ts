import { FRAME_MS } from "./format.ts"

/**
 * How voice-activity probabilities become speech. Counts are frames of 32 ms. The thresholds are Silero's own
 * hysteresis; that three frames are needed to start keeps a click or a tap from counting as speech.
 */
export interface SegmenterConfig {
  /** At or above this a frame is voiced. */
  readonly speechThreshold: number
  /** Below this a frame is silent; between the two nothing changes. */
  readonly silenceThreshold: number
  /** Consecutive voiced frames that start speech. */
  readonly startFrames: number
  /** Consecutive silent frames that pause it. */
  readonly pauseFrames: number
  /** Consecutive voiced frames that resume it. */
  readonly resumeFrames: number
  /** Silence, counted from its first frame, after which speech has ended and can no longer resume. */
  readonly endSilenceMs: number
}

export const defaultSegmenterConfig: SegmenterConfig = {
  speechThreshold: 0.5,
  silenceThreshold: 0.35,
  startFrames: 3,
  pauseFrames: 2,
  resumeFrames: 2,
  endSilenceMs: 1000,
}

/** `atMs` is audio time, and the moment it happened: the decision comes a few frames later, see `SegmenterConfig`. */
export type SegmenterEvent =
  | { readonly type: "speech-started"; readonly atMs: number }
  | { readonly type: "speech-paused"; readonly atMs: number }
  | { readonly type: "speech-resumed"; readonly atMs: number }
  /** `atMs` is the end of the silence that decided it; the speech itself ended at `lastVoicedMs`. */
  | {
      readonly type: "speech-ended"
      readonly atMs: number
      readonly lastVoicedMs: number
      readonly voicedMs: number
    }

export interface SegmenterState {
  readonly phase: "idle" | "speaking" | "paused"
  /** Consecutive frames up to now that argue for leaving the phase. */
  readonly run: number
  /** Start of the silence, while paused. */
  readonly pausedAtMs: number
  /** Voiced frames of the current speech. */
  readonly voicedFrames: number
}

export const initialSegmenterState: SegmenterState = {
  phase: "idle",
  run: 0,
  pausedAtMs: 0,
  voicedFrames: 0,
}

export interface SegmenterFrame {
  /** Counts frames since the input opened; frames are given in order and without holes. */
  readonly frameIndex: number
  /** 0..1, Silero's answer for this frame. */
  readonly probability: number
}

export interface SegmenterStep {
  readonly state: SegmenterState
  readonly event: SegmenterEvent | undefined
}

/** One frame further. Pure: at most one event a frame, and starts, pauses, resumptions and ends alternate properly. */
export const segmenterStep = (
  config: SegmenterConfig,
  state: SegmenterState,
  frame: SegmenterFrame,
): SegmenterStep => steps[state.phase](config, state, frame)

type Step = (config: SegmenterConfig, state: SegmenterState, frame: SegmenterFrame) => SegmenterStep

const whenIdle: Step = (config, state, { frameIndex, probability }) => {
  const run = probability >= config.speechThreshold ? state.run + 1 : 0
  if (run < config.startFrames) return { state: { ...initialSegmenterState, run }, event: undefined }
  return {
    state: { phase: "speaking", run: 0, pausedAtMs: 0, voicedFrames: run },
    event: { type: "speech-started", atMs: startOfRun(frameIndex, run) },
  }
}

const whenSpeaking: Step = (config, state, { frameIndex, probability }) => {
  const voiced = probability >= config.speechThreshold ? 1 : 0
  const voicedFrames = state.voicedFrames + voiced
  const run = probability < config.silenceThreshold ? state.run + 1 : 0
  if (run < config.pauseFrames) return { state: { ...state, run, voicedFrames }, event: undefined }
  const pausedAtMs = startOfRun(frameIndex, run)
  return {
    state: { phase: "paused", run: 0, pausedAtMs, voicedFrames },
    event: { type: "speech-paused", atMs: pausedAtMs },
  }
}

const whenPaused: Step = (config, state, { frameIndex, probability }) => {
  const run = probability >= config.speechThreshold ? state.run + 1 : 0
  if (run >= config.resumeFrames)
    return {
      state: { phase: "speaking", run: 0, pausedAtMs: 0, voicedFrames: state.voicedFrames + run },
      event: { type: "speech-resumed", atMs: startOfRun(frameIndex, run) },
    }
  const atMs = (frameIndex + 1) * FRAME_MS
  // A voiced frame at the very end of the silence gets the chance to become a resumption.
  if (run > 0 || atMs - state.pausedAtMs < config.endSilenceMs)
    return { state: { ...state, run }, event: undefined }
  return {
    state: initialSegmenterState,
    event: {
      type: "speech-ended",
      atMs,
      lastVoicedMs: state.pausedAtMs,
      voicedMs: state.voicedFrames * FRAME_MS,
    },
  }
}

const steps: Readonly<Record<SegmenterState["phase"], Step>> = {
  idle: whenIdle,
  speaking: whenSpeaking,
  paused: whenPaused,
}

/** Start of the first of `run` consecutive frames, the last of which is `frameIndex`. */
const startOfRun = (frameIndex: number, run: number): number => (frameIndex + 1 - run) * FRAME_MS
