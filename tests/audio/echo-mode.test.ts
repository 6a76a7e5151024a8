import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { AudioError } from "../../src/audio/audio-error.ts"
import { isEchoCancelled } from "../../src/audio/echo-mode.ts"
import type { AudioDevice } from "../../src/ports/audio.ts"

const device = (
  name: string,
  isDefault: boolean,
  direction: AudioDevice["direction"] = "input",
): AudioDevice => ({
  name,
  description: name,
  direction,
  isDefault,
})
const backend = {
  devices: Effect.succeed([device("alsa_input.usb", true), device("echo-cancel-source", false)]),
}

describe("the echo mode", () => {
  it("believes the configuration before anything else", async () => {
    expect(await Effect.runPromise(isEchoCancelled("cancelled", backend, undefined))).toBe(true)
    expect(await Effect.runPromise(isEchoCancelled("half-duplex", backend, "echo-cancel-source"))).toBe(false)
  })

  it("takes a microphone behind the sound server's canceller for cancelled, and no other", async () => {
    expect(await Effect.runPromise(isEchoCancelled("auto", backend, "echo-cancel-source"))).toBe(true)
    expect(await Effect.runPromise(isEchoCancelled("auto", backend, undefined))).toBe(false)
  })

  it("looks at microphones only", async () => {
    const speaker = { devices: Effect.succeed([device("echo-cancel-sink", true, "output")]) }
    expect(await Effect.runPromise(isEchoCancelled("auto", speaker, undefined))).toBe(false)
  })

  it("assumes an echo where the devices cannot be listed", async () => {
    const broken = { devices: Effect.fail(new AudioError({ message: "no server" })) }
    expect(await Effect.runPromise(isEchoCancelled("auto", broken, undefined))).toBe(false)
  })
})
