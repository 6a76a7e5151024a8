import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Config } from "../../src/config/definition.ts"
import type { Recording } from "../corpus/record.ts"
import { demoLine } from "../demo-lines.ts"
import { type Bar, type Findings, measured } from "../result.ts"
import { type Rig, withRig } from "../rig.ts"
import { percentile } from "../statistics.ts"
import { amount, type Target, tooFew } from "../target.ts"

/** Out of every twenty turns. The others are fixed phrases that are typed. */
const CYCLE = 20
const SPOKEN = 6
const FREE = 1
const SAMPLE_EVERY = 5
const SETTLED_MS = 96
const TYPED_MS = 60_000

interface Sample {
  readonly turn: number
  /** In MiB. The heap is what is left after a full collection, buffers outside of it included. */
  readonly rss: number
  readonly heap: number
}

/** Whether the main process grows with the turns that it has been through. */
export const growth: Target = async (options): Promise<Findings> => {
  const { progress, signal } = options
  const turns = amount(options, 60, 1000) * (options.quick ? 1 : 2)
  const warmUp = Math.min(200, Math.round(turns / 3))
  const config: Config = { ...options.config, llm: { ...options.config.llm, provider: "embedded" } }
  const collect = garbageCollector()
  const samples: Sample[] = []
  const outcomes = new Map<string, number>()
  await withRig({ config, pace: "clock" }, signal, async (rig) => {
    const line = await demoLine("time")
    for (let turn = 1; turn <= turns; turn++) {
      signal.throwIfAborted()
      const outcome = await oneTurn(rig, line, turn)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (turn % SAMPLE_EVERY === 0) samples.push({ turn, ...memoryAfter(collect) })
      if (turn % 50 === 0) progress.step("turns", turn, turns)
    }
  })
  // As many at the beginning as at the end: the rest of the turns lies between.
  const window = Math.min(200, Math.round((turns - warmUp) / 3))
  const first = samples.filter(({ turn }) => turn > warmUp && turn <= warmUp + window)
  const last = samples.filter(({ turn }) => turn > turns - window)
  const grown = (of: (sample: Sample) => number) => {
    const before = percentile(first.map(of), 0.5)
    return (100 * (percentile(last.map(of), 0.5) - before)) / before
  }
  const indicative = tooFew(turns, 2000)
  const bar = (what: string, found: number): Bar => ({
    ...{ what, found, limit: 5, sense: "at most", unit: "%", indicative },
  })
  return {
    measurements: [
      measured(
        "main process, RSS",
        "MiB",
        samples.map(({ rss }) => rss),
      ),
      measured(
        "what is in use after a full collection",
        "MiB",
        samples.map(({ heap }) => heap),
      ),
    ],
    bars: [
      bar(
        "RSS of the main process, growth after the warm-up",
        grown(({ rss }) => rss),
      ),
      bar(
        "memory in use after a full collection, growth after the warm-up",
        grown(({ heap }) => heap),
      ),
    ],
    notes: [
      `${turns} turns at the simulated pace, of every ${CYCLE} ${SPOKEN} spoken, ${FREE} a free question, the rest typed: ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}`,
      `medians of turns ${warmUp + 1} to ${warmUp + window} and of the last ${window}; the main process here holds the benchmark too`,
    ],
  }
}

const oneTurn = async (rig: Rig, line: Recording, turn: number): Promise<string> => {
  const place = turn % CYCLE
  if (place < SPOKEN) {
    const spoken = await rig.speak(line, { settledMs: SETTLED_MS })
    return spoken.turns.at(-1)?.outcome ?? "not heard"
  }
  // The last of them ends the conversation, so that none gets longer than it may.
  if (place === CYCLE - 1) return typed(rig, turn, "new conversation")
  return typed(rig, turn, place < SPOKEN + FREE ? "What is the capital of France?" : "what time is it")
}

const typed = async (rig: Rig, turn: number, text: string): Promise<string> => {
  const id = `growth-${turn}`
  const ended = () => rig.turns().find((one) => one.id === id)
  const taken = rig.system.conversation.type(id, { mode: "ask", text, onText: () => undefined })
  if (!taken) return "not taken"
  for (let waitedMs = 0; ended() === undefined && waitedMs < TYPED_MS; waitedMs += SETTLED_MS)
    await rig.wait(SETTLED_MS)
  return ended()?.outcome ?? "not ended"
}

const MIB = 2 ** 20

const memoryAfter = (collect: () => void) => {
  collect()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss: rss / MIB, heap: (heapUsed + external) / MIB }
}

/** Node's own, which a flag brings to light. */
const garbageCollector = (): (() => void) => {
  setFlagsFromString("--expose-gc")
  const gc: unknown = runInNewContext("gc")
  return typeof gc === "function" ? () => gc() : () => undefined
}
