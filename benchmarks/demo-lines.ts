import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { readWav } from "../src/audio/read-wav.ts"
import { demoLines } from "../src/cli/demo/scenes.ts"
import type { Recording } from "./corpus/record.ts"

export type DemoLineName = keyof typeof demoLines

/** The checkout's root, from here or from what this is compiled to. */
export const CHECKOUT = new URL(import.meta.url.endsWith(".ts") ? "../" : "../../../", import.meta.url)

/** A line of the demonstration, which needs no corpus to be made. Its silence before the first and after the last word counts as speech. */
export const demoLine = async (name: DemoLineName): Promise<Recording> => {
  const path = fileURLToPath(new URL(`demo/${demoLines[name].file}`, CHECKOUT))
  const samples = await Effect.runPromise(readWav(path))
  return { samples, label: { firstVoicedSample: 0, lastVoicedSample: samples.length - 1, pauses: [] } }
}
