import { interruptions } from "../corpus/interruptions.ts"
import { inRoom } from "../room.ts"
import { amount, type Target, withoutAnswers } from "../target.ts"
import { measureCoughs, measureInterruptions } from "./interruptions.ts"
import { measureSelfInterruption } from "./self-interruption.ts"

/**
 * Interrupting Jett while it speaks, by voice, on a real sound server that takes the echo out: how soon it is silent,
 * that it goes on after a cough, and that it never interrupts itself. It speaks with its own voice in hosts of its own; what
 * it says is given, because a language model would add nothing but chance.
 */
export const bargeIn: Target = async (options) => {
  const { corpus, quick, signal } = options
  const count = amount(options, 4, interruptions.length)
  const recorded = await corpus.recordings(
    "interruptions",
    Array.from({ length: count }, (_, i) => interruptions[i % interruptions.length]).flatMap(
      (one) => one ?? [],
    ),
    signal,
  )
  return inRoom(withoutAnswers(options.config), signal, async (room) => {
    const interrupted = await measureInterruptions(options, room, recorded)
    const coughed = await measureCoughs(options, room, quick ? 2 : Math.max(2, Math.ceil(count / 3)))
    const alone = await measureSelfInterruption(options, room, quick ? 0.2 : 20)
    const parts = [interrupted, coughed, alone]
    return {
      measurements: parts.flatMap(({ measurements }) => measurements),
      bars: parts.flatMap(({ bars }) => bars),
      notes: parts.flatMap(({ notes }) => notes),
    }
  })
}
