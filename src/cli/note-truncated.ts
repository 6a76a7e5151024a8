import * as Effect from "effect/Effect"
import { WavReader } from "../audio/wav-reader.ts"
import type { CommandContext } from "./command.ts"

/** Says so where a WAV file ends before its header says it does. One that cannot be read is the reader's business. */
export const noteTruncated = async ({ io }: CommandContext, path: string): Promise<void> => {
  const seconds = await Effect.runPromise(
    Effect.scoped(Effect.map(WavReader.open(path), (wav) => wav.truncated && wav.durationMs / 1000)).pipe(
      Effect.orElseSucceed(() => false as const),
    ),
  )
  if (seconds === false) return
  io.note(
    `! ${path} is cut short: its header promises more than the ${seconds.toFixed(1)} s that are there\n`,
  )
}
