import { messageOf, usageFailure } from "../failure.ts"
import { switchOption, textOption } from "../options.ts"
import { levelAdvice } from "./probe-level.ts"
import { proposeThreshold } from "./probe-wake.ts"
import { deviceOf, type SetupRun } from "./step.ts"

const LEVEL_MS = 4_000
const WAKE_MS = 6_000
const WAKE_TIMES = 5

/** Level and clipping, while somebody speaks; again after a change of the gain, if wanted. */
export async function testLevel(run: SetupRun): Promise<void> {
  const { context, questions, probes, backend } = run
  // Without somebody who speaks, the level says nothing.
  if (backend === undefined || !questions.answered || switchOption(context.options, "skipLevel")) return
  while (await questions.confirm("Test the microphone? Say something for four seconds", true)) {
    const level = await probes.level(backend, deviceOf(run, "input"), LEVEL_MS)
    const advice = levelAdvice(level)
    context.io.note(`peak ${level.peakDbfs.toFixed(0)} dBFS, mean ${level.rmsDbfs.toFixed(0)} dBFS: `)
    if (advice === undefined) {
      context.io.note("good\n")
      return
    }
    context.io.note(`${advice.problem}. ${advice.fix}\n`)
  }
}

/** The wake word, five times; proposes a threshold. */
export async function testWakeWord(run: SetupRun): Promise<void> {
  const { context, questions, probes, backend, loaded, edits } = run
  const given = textOption(context.options, "threshold")
  if (given !== undefined) {
    const threshold = Number(given)
    if (given.trim() === "" || !(threshold >= 0.01 && threshold <= 0.999)) {
      throw usageFailure(`--threshold ${given}: expected a number from 0.01 to 0.999`)
    }
    edits.set("wake.threshold", threshold)
    return
  }
  if (backend === undefined || !questions.answered || switchOption(context.options, "skipWake")) return
  if (!(await questions.confirm("Test the wake word? You will say it five times", true))) return
  const { listener, close } = await probes.openListener(loaded.config)
  try {
    const peaks: number[] = []
    for (let time = 1; time <= WAKE_TIMES; time++) {
      if (context.signal.aborted) return
      context.io.note(`${time}/${WAKE_TIMES}: say "Hey Jarvis"… `)
      const peak = await probes.wake(backend, deviceOf(run, "input"), listener, WAKE_MS)
      peaks.push(peak)
      context.io.note(`${peak.toFixed(2)}\n`)
    }
    await acceptThreshold(run, peaks)
  } finally {
    await close()
  }
}

async function acceptThreshold(
  { context, questions, edits }: SetupRun,
  peaks: readonly number[],
): Promise<void> {
  const { heard, threshold } = proposeThreshold(peaks)
  if (threshold === undefined) {
    context.io.note(
      `heard only ${heard} of ${peaks.length}: go nearer, or check the level; the threshold stays\n`,
    )
    return
  }
  if (await questions.confirm(`Heard ${heard} of ${peaks.length}. Use the threshold ${threshold}?`, true)) {
    edits.set("wake.threshold", threshold)
  }
}

const echoModes = ["auto", "cancelled", "half-duplex"] as const

/** Whether the microphone hears the speaker. */
export async function measureEcho(run: SetupRun): Promise<void> {
  const { context, questions, probes, backend, edits } = run
  const given = textOption(context.options, "echo")
  if (given !== undefined) {
    const mode = echoModes.find((name) => name === given)
    if (mode === undefined) throw usageFailure(`--echo ${given}: expected one of ${echoModes.join(", ")}`)
    edits.set("audio.echo", mode)
    return
  }
  if (backend === undefined || !questions.answered || switchOption(context.options, "skipEcho")) return
  if (!(await questions.confirm("Measure the echo? A sound plays for two seconds; be quiet", true))) return
  const { quietDbfs, playingDbfs, mode } = await probes.echo(
    backend,
    deviceOf(run, "input"),
    deviceOf(run, "output"),
  )
  context.io.note(`quiet ${quietDbfs.toFixed(0)} dBFS, playing ${playingDbfs.toFixed(0)} dBFS: `)
  if (mode === "too-loud") {
    context.io.note("too loud here to tell; measure again when it is quiet. The setting stays\n")
    return
  }
  context.io.note(`${mode}\n`)
  edits.set("audio.echo", mode)
}

/** Runs a step whose failure must not cost the answers already given. */
export async function tolerant(run: SetupRun, step: (run: SetupRun) => Promise<void>): Promise<void> {
  try {
    await step(run)
  } catch (error) {
    // A wrong flag is the user's to correct, and an interruption ends it all.
    const isUsage = error instanceof Error && "exitCode" in error
    if (isUsage || run.context.signal.aborted) throw error
    run.context.io.note(`! skipped: ${messageOf(error)}\n`)
  }
}
