import type { Config } from "../../config/definition.ts"
import type { AudioDevice } from "../../ports/audio.ts"
import { type AvailableBackends, chooseBackend, listDevices } from "../audio-backends.ts"
import { printable } from "../output.ts"
import { levelAdvice, type ProbeLevel, probeLevel } from "../setup/probe-level.ts"
import { type Check, type Finding, fail, ok, warn } from "./check.ts"

const installSound = "install pulseaudio-utils (parec, pacat) or the optional package naudiodon"

export function audioChecks(config: Config, backends: AvailableBackends): readonly Check[] {
  const { audio } = config
  return [
    {
      id: "audio.backend",
      run: async () => {
        const available = await backends()
        const backend = chooseBackend(available, audio.backend)
        if (backend !== undefined) return ok(`${backend.id}`)
        return warn(`no back end for audio.backend = "${audio.backend}": text mode only`, installSound)
      },
    },
    deviceCheck("input", audio.input, audio.backend, backends),
    deviceCheck("output", audio.output, audio.backend, backends),
  ]
}

function deviceCheck(
  direction: AudioDevice["direction"],
  wanted: string | undefined,
  backendName: Config["audio"]["backend"],
  backends: AvailableBackends,
): Check {
  return {
    id: `audio.${direction}`,
    run: async () => {
      const backend = chooseBackend(await backends(), backendName)
      if (backend === undefined) return warn("not checked: there is no back end", installSound)
      if (backend.id === "file" || backend.id === "null") return ok(`${backend.id} needs no device`)
      const devices = (await listDevices(backend)).filter((device) => device.direction === direction)
      return deviceFinding(direction, wanted, devices)
    },
  }
}

export function deviceFinding(
  direction: AudioDevice["direction"],
  wanted: string | undefined,
  devices: readonly AudioDevice[],
): Finding {
  const noun = direction === "input" ? "microphone" : "speaker"
  if (devices.length === 0) return warn(`no ${noun}`, `connect a ${noun}, then run jett devices`)
  if (wanted === undefined) {
    const standard = devices.find((device) => device.isDefault)
    return ok(`the default: ${printable(standard?.description ?? "chosen by the system")}`)
  }
  const found = devices.find((device) => device.name === wanted)
  if (found !== undefined) return ok(printable(found.description))
  return fail(
    `audio.${direction} is ${wanted}, which is not there`,
    "connect it, or choose another: jett setup",
  )
}

/** Listens for two seconds; only where it is asked for, because a microphone's light comes on. */
export function levelCheck(
  config: Config,
  backends: AvailableBackends,
  probe: ProbeLevel = probeLevel,
): Check {
  return {
    id: "audio.level",
    run: async () => {
      const backend = chooseBackend(await backends(), config.audio.backend)
      if (backend === undefined) return warn("not checked: there is no back end", installSound)
      const level = await probe(backend, config.audio.input, 2_000)
      const advice = levelAdvice(level)
      const summary = `${level.rmsDbfs.toFixed(0)} dBFS, peak ${level.peakDbfs.toFixed(0)} dBFS`
      return advice === undefined ? ok(summary) : warn(`${summary}: ${advice.problem}`, advice.fix)
    },
  }
}
