import { createWriteStream, writeSync } from "node:fs"
import { SAMPLE_RATE_HZ } from "./format.ts"
import {
  type NaudiodonDevice,
  type NaudiodonRequest,
  type NaudiodonStatus,
  PLAY_AUDIO,
  PLAY_HEADER_BYTES,
} from "./naudiodon-messages.ts"

/*
 * The program around naudiodon. It runs in a process of its own because the library prints to stdout, installs a crash
 * handler and can take its process down. fd 3: status; fd 4: recorded audio; stdin: audio to play.
 */

const STATUS_FD = 3
const AUDIO_FD = 4
/** 20 ms at 16 kHz: the device is asked for little at a time, so that a flush leaves little to hear. */
const BLOCK_MS = 20

type Library = typeof import("naudiodon")

const tell = (status: NaudiodonStatus): void => {
  writeSync(STATUS_FD, `${JSON.stringify(status)}\n`)
}

const listDevices = (library: Library): readonly NaudiodonDevice[] => {
  const hosts = library.getHostAPIs()
  const host = hosts.HostAPIs.find((api) => api.id === hosts.defaultHostAPI)
  return library.getDevices().map((device) => ({
    id: device.id,
    name: device.name,
    inputs: device.maxInputChannels,
    outputs: device.maxOutputChannels,
    isDefaultInput: device.id === host?.defaultInput,
    isDefaultOutput: device.id === host?.defaultOutput,
  }))
}

const find = (library: Library, wanted: string | undefined, direction: "input" | "output") => {
  const usable = listDevices(library).filter((one) =>
    direction === "input" ? one.inputs > 0 : one.outputs > 0,
  )
  const found =
    wanted === undefined
      ? (usable.find((one) => (direction === "input" ? one.isDefaultInput : one.isDefaultOutput)) ??
        usable[0])
      : usable.find((one) => one.name === wanted)
  if (found === undefined) {
    const names = usable.map((one) => one.name).join(", ")
    throw new Error(
      `Found no ${direction} device "${wanted ?? "default"}"; there are: ${names === "" ? "none" : names}. Choose one with jett setup.`,
    )
  }
  const info = library.getDevices().find((one) => one.id === found.id)
  if (info === undefined) throw new Error(`The device "${found.name}" went away.`)
  return info
}

const streamOptions = (deviceId: number, sampleRate: number) => ({
  deviceId,
  sampleRate,
  channelCount: 1,
  sampleFormat: 16 as const,
  framesPerBuffer: Math.round((sampleRate * BLOCK_MS) / 1000),
  maxQueue: 2,
  highwaterMark: Math.round((sampleRate * BLOCK_MS) / 1000) * 2,
  closeOnError: true,
})

const record = (library: Library, wanted: string | undefined): void => {
  const device = find(library, wanted, "input")
  // Bare hardware may refuse 16 kHz; its own rate then, and the parent resamples.
  const { stream, rateHz } = firstThatOpens([SAMPLE_RATE_HZ, device.defaultSampleRate], (sampleRate) =>
    library.AudioIO({ inOptions: streamOptions(device.id, sampleRate) }),
  )
  const out = createWriteStream("", { fd: AUDIO_FD })
  out.on("error", () => process.exit(0))
  stream.on("error", fail)
  stream.on("data", (bytes: Buffer) => out.write(bytes))
  stream.start()
  tell({ type: "open", device: device.name, rateHz, latencyMs: device.defaultLowInputLatency * 1000 })
}

const play = (library: Library, wanted: string | undefined, rateHz: number): void => {
  const device = find(library, wanted, "output")
  const stream = library.AudioIO({ outOptions: streamOptions(device.id, rateHz) })
  stream.on("error", fail)
  stream.start()
  const blockBytes = Math.round((rateHz * BLOCK_MS) / 1000) * 2
  let waiting: Buffer = Buffer.alloc(0)
  let unread: Buffer = Buffer.alloc(0)
  let writing = false
  let taken = 0
  const feed = () => {
    if (writing || waiting.length === 0) return
    const block = waiting.subarray(0, blockBytes)
    waiting = waiting.subarray(block.length)
    writing = true
    stream.write(block, () => {
      writing = false
      taken += block.length / 2
      tell({ type: "taken", samples: taken })
      feed()
    })
  }
  process.stdin.on("data", (bytes: Buffer) => {
    unread = Buffer.concat([unread, bytes])
    while (unread.length >= PLAY_HEADER_BYTES) {
      const end = PLAY_HEADER_BYTES + unread.readUInt32LE(1)
      if (unread.length < end) break
      const isAudio = unread.readUInt8(0) === PLAY_AUDIO
      waiting = isAudio ? Buffer.concat([waiting, unread.subarray(PLAY_HEADER_BYTES, end)]) : Buffer.alloc(0)
      unread = unread.subarray(end)
    }
    feed()
  })
  tell({ type: "open", device: device.name, rateHz, latencyMs: device.defaultLowOutputLatency * 1000 })
}

const firstThatOpens = <S>(rates: readonly number[], open: (rateHz: number) => S) => {
  let failure: unknown
  for (const rateHz of rates) {
    try {
      return { stream: open(rateHz), rateHz }
    } catch (cause) {
      failure = cause
    }
  }
  throw failure
}

const fail = (cause: unknown): void => {
  tell({ type: "failed", message: cause instanceof Error ? cause.message : String(cause) })
  process.exit(1)
}

const main = async (): Promise<void> => {
  const request: NaudiodonRequest = JSON.parse(process.argv[2] ?? "{}")
  const library = await import("naudiodon")
  // The parent's death closes our stdin, whatever we do with it otherwise.
  process.stdin.on("end", () => process.exit(0))
  process.stdin.resume()
  if (request.mode === "list") {
    tell({ type: "devices", devices: listDevices(library) })
    process.exit(0)
  }
  if (request.mode === "input") record(library, request.device)
  else play(library, request.device, request.rateHz)
}

main().catch(fail)
