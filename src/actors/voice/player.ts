import * as Effect from "effect/Effect"
import type { PlaybackQueue } from "../../audio/playback.ts"
import type { AudioFailure } from "../../ports/audio.ts"
import type { Player } from "./speech-output.ts"

type Command = () => Effect.Effect<void, AudioFailure>

/**
 * The conversation's commands, given to the playback queue strictly one after the other: a clip that follows a flush
 * must not reach the queue before the flush is done with it. While nothing is under way a clip goes straight through.
 */
export class QueuePlayer implements Player {
  readonly #queue: PlaybackQueue
  readonly #onFailure: (message: string) => void
  readonly #waiting: Command[] = []
  #busy = false

  constructor(queue: PlaybackQueue, onFailure: (message: string) => void) {
    this.#queue = queue
    this.#onFailure = onFailure
  }

  /** `samples`: Int16Array, mono, at the output's rate. */
  enqueue(clipId: string, samples: Int16Array): void {
    this.#run(() => Effect.sync(() => this.#queue.enqueue(clipId, samples)))
  }

  pause(): void {
    this.#run(() => this.#queue.pause)
  }

  resume(): void {
    this.#run(() => Effect.sync(() => this.#queue.resume()))
  }

  flush(): ReadonlyMap<string, number> {
    const played = this.#queue.played()
    this.#run(() => Effect.asVoid(this.#queue.flush))
    return new Map(played.map(({ clipId, playedMs }) => [clipId, playedMs]))
  }

  #run(command: Command): void {
    this.#waiting.push(command)
    if (!this.#busy) this.#next()
  }

  #next(): void {
    const command = this.#waiting.shift()
    this.#busy = command !== undefined
    if (command === undefined) return
    Effect.runCallback(command(), {
      onExit: (exit) => {
        if (exit._tag === "Failure") this.#onFailure("The speaker did not take a command.")
        this.#next()
      },
    })
  }
}
