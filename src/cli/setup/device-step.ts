import type { AudioBackend, AudioDevice } from "../../ports/audio.ts"
import { chooseBackend, listDevices } from "../audio-backends.ts"
import { messageOf, usageFailure } from "../failure.ts"
import { switchOption, textOption } from "../options.ts"
import { printable } from "../output.ts"
import type { SetupRun } from "./step.ts"

const backendIds = ["auto", "pulse", "naudiodon", "null"] as const

/** Chooses the back end, then microphone and speaker by name. */
export async function chooseDevices(run: SetupRun): Promise<void> {
  const { context, loaded, edits } = run
  const wanted = textOption(context.options, "backend")
  const backendId = backendIds.find((id) => id === (wanted ?? loaded.config.audio.backend))
  if (backendId === undefined)
    throw usageFailure(`--backend ${wanted}: expected one of ${backendIds.join(", ")}`)
  if (wanted !== undefined) edits.set("audio.backend", backendId)
  run.backend = chooseBackend(await availableOrNone(run), backendId)
  if (run.backend === undefined) {
    context.io.note(
      "no way to reach sound here: Jett would work in text only. `jett doctor` says what is missing\n",
    )
    // A name given by a flag is written all the same: the device may be there later.
    for (const direction of ["input", "output"] as const) {
      const name = textOption(context.options, direction)
      if (name !== undefined) edits.set(`audio.${direction}`, name)
    }
    return
  }
  context.io.note(`sound through ${run.backend.id}\n`)
  const devices = await devicesOrNone(run, run.backend)
  for (const direction of ["input", "output"] as const) await chooseDevice(run, direction, devices)
}

async function availableOrNone(run: SetupRun): Promise<readonly AudioBackend[]> {
  try {
    return await run.probes.backends()
  } catch (error) {
    run.context.io.note(`! ${messageOf(error)}\n`)
    return []
  }
}

async function devicesOrNone(run: SetupRun, backend: AudioBackend): Promise<readonly AudioDevice[]> {
  try {
    return await listDevices(backend)
  } catch (error) {
    run.context.io.note(`! ${messageOf(error)}\n`)
    return []
  }
}

async function chooseDevice(
  run: SetupRun,
  direction: AudioDevice["direction"],
  all: readonly AudioDevice[],
): Promise<void> {
  const { context, loaded, questions, edits } = run
  const noun = direction === "input" ? "microphone" : "speaker"
  const devices = all.filter((device) => device.direction === direction)
  const named = textOption(context.options, direction)
  if (named !== undefined) {
    if (!devices.some((device) => device.name === named)) {
      const names = devices.map((device) => device.name).join(", ") || "none"
      throw usageFailure(`--${direction} ${named}: no such ${noun}; there are: ${names}`)
    }
    edits.set(`audio.${direction}`, named)
    return
  }
  if (switchOption(context.options, "skipDevices") || devices.length === 0) return
  const current = loaded.config.audio[direction]
  const names = [undefined, ...devices.map((device) => device.name)]
  const labels = ["the system's default", ...devices.map(({ description }) => printable(description))]
  const proposed = Math.max(0, names.indexOf(current))
  const index = await questions.choose(`Which ${noun}?`, labels, proposed)
  if (names[index] !== current) edits.set(`audio.${direction}`, names[index])
}
