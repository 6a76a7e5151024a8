import * as Effect from "effect/Effect"
import type { AudioError } from "../../audio/audio-error.ts"
import { msToSamples, samplesToMs } from "../../audio/format.ts"
import { FrameChunker } from "../../audio/frame-chunker.ts"
import { joinSamples } from "../../audio/join-samples.ts"
import { RingBuffer } from "../../audio/ring-buffer.ts"
import { defaultSegmenterConfig, initialSegmenterState, segmenterStep } from "../../audio/segmenter.ts"
import type { WavError } from "../../audio/wav-error.ts"
import { WavReader } from "../../audio/wav-reader.ts"
import type { HearingFrame } from "../../ports/audio.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { Listener, SpeechToText } from "../../ports/speech.ts"

/** The longest piece given to the recogniser; longer speech is cut here, wherever that is. */
const MAX_PIECE_MS = 28_000
const PRE_ROLL_MS = 320
const POST_ROLL_MS = 200
/** Less voice than this is no word; the recogniser would invent one. */
const MIN_VOICED_MS = 200
/** One second: asking the listener for each frame by itself takes several times as long. */
const FRAMES_AT_ONCE = 32
/** Speech counts as ended sooner than in a conversation: nobody waits, and shorter pieces are recognised better. */
const segmenter = { ...defaultSegmenterConfig, endSilenceMs: 600 }

/**
 * The words of a WAV file, whatever its length, in constant memory. Only what voice activity finds is transcribed.
 * `listener` must be fresh: it is fed the file's frames in order.
 */
export const transcribeFile = (
  path: string,
  { listener, stt }: { readonly listener: Listener; readonly stt: SpeechToText },
): Effect.Effect<string, WavError | AudioError | ModelFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const reader = yield* WavReader.open(path)
      const nextPiece = yield* reader.openHearing
      const chunker = new FrameChunker()
      const ring = new RingBuffer(MAX_PIECE_MS + 5000)
      const words: string[] = []
      let state = initialSegmenterState
      let startMs: number | undefined

      const transcribe = (fromMs: number, toMs: number, voicedMs: number) =>
        Effect.gen(function* () {
          startMs = undefined
          if (voicedMs < MIN_VOICED_MS) return
          const sound = ring.slice(
            msToSamples(Math.max(0, fromMs - PRE_ROLL_MS)),
            msToSamples(toMs + POST_ROLL_MS),
          )
          const { text } = yield* stt.transcribe(sound)
          if (text !== "") words.push(text)
        })

      const hearAll = (frames: readonly HearingFrame[]) =>
        Effect.gen(function* () {
          for (let i = 0; i < frames.length; i += FRAMES_AT_ONCE) {
            const some = frames.slice(i, i + FRAMES_AT_ONCE)
            const { voiceActivity } = yield* listener.listen(joinSamples(some.map(({ samples }) => samples)))
            for (const [k, frame] of some.entries()) yield* hear(frame, voiceActivity[k] ?? 0)
          }
        })

      const hear = (frame: HearingFrame, probability: number) =>
        Effect.gen(function* () {
          ring.push(frame.samples)
          const frameIndex = Math.round(frame.startSample / frame.samples.length)
          const step = segmenterStep(segmenter, state, { frameIndex, probability })
          state = step.state
          const endMs = samplesToMs(frame.startSample + frame.samples.length)
          if (step.event?.type === "speech-started") startMs = step.event.atMs
          if (step.event?.type === "speech-ended" && startMs !== undefined)
            yield* transcribe(startMs, step.event.lastVoicedMs, step.event.voicedMs)
          if (startMs !== undefined && endMs - startMs >= MAX_PIECE_MS) {
            yield* transcribe(startMs, endMs, endMs - startMs)
            // What follows begins at the cut: with the pre-roll a word would be there twice.
            startMs = endMs + PRE_ROLL_MS
          }
        })

      for (let piece = yield* nextPiece; piece !== undefined; piece = yield* nextPiece)
        yield* hearAll(chunker.push(piece))
      const last = chunker.finish()
      if (last !== undefined) yield* hearAll([last])
      if (startMs !== undefined) yield* transcribe(startMs, samplesToMs(chunker.position), MIN_VOICED_MS)
      return words.join(" ")
    }),
  )
