import { mkdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type { CommandContext } from "./command.ts"
import { latencyTable } from "./demo/latency-table.ts"
import { Narrator } from "./demo/narrator.ts"
import { playScenes } from "./demo/play.ts"
import { openStage } from "./demo/stage.ts"
import { ExitCode } from "./exit-code.ts"
import { textOption } from "./options.ts"

/**
 * Plays a conversation from recordings through the whole assistant: real models in supervised processes, at real
 * speed. Configuration is left aside, so that it is the same everywhere.
 */
export async function run(context: CommandContext): Promise<number> {
  const folder = resolve(textOption(context.options, "out") ?? "demo-out")
  await mkdir(folder, { recursive: true })
  const recording = join(folder, "conversation.wav")
  const narrator = new Narrator(context.io)
  const program = Effect.gen(function* () {
    narrator.block("Jett: loading the models, each in a process of its own…\n")
    const stage = yield* openStage(context, narrator, recording)
    for (const host of ["listener", "stt", "tts", "llm"] as const)
      narrator.note(`${host}: process ${stage.pid(host)}`)
    const turns = yield* Effect.promise(() => playScenes(stage, narrator))
    narrator.heading("Where the time went, in ms (end of speech to first audible sample)")
    narrator.block(latencyTable(turns))
  })
  await Effect.runPromise(Effect.scoped(program), { signal: context.signal })
  narrator.heading(narrator.failed ? "Not all went as it should" : "Done")
  narrator.block(
    `The whole conversation, you on the left and Jett on the right: ${recording}\n` +
      "Next: npx jett setup   (choose microphone and speaker), then: npm start\n",
  )
  return narrator.failed ? ExitCode.failure : ExitCode.ok
}
