import * as Effect from "effect/Effect"
import type { AudioBackend, AudioDevice } from "../ports/audio.ts"

/** How the sound servers name a microphone behind their canceller: `module-echo-cancel`, `libpipewire-module-echo-cancel`. */
const CANCELLER = /echo[-_ ]?cancel/i

/**
 * Whether what Jett says is taken out of what it hears. `auto` believes the microphone's own name and nothing else: a
 * canceller that is only assumed makes Jett interrupt itself. `jett setup` measures it.
 */
export const isEchoCancelled = (
  wanted: "auto" | "cancelled" | "half-duplex",
  backend: Pick<AudioBackend, "devices">,
  microphone: string | undefined,
): Effect.Effect<boolean> => {
  if (wanted !== "auto") return Effect.succeed(wanted === "cancelled")
  const isOurs = ({ direction, name, isDefault }: AudioDevice): boolean =>
    direction === "input" && (microphone === undefined ? isDefault : name === microphone)
  return backend.devices.pipe(
    Effect.map((devices) =>
      devices.some((device) => isOurs(device) && CANCELLER.test(`${device.name} ${device.description}`)),
    ),
    Effect.orElseSucceed(() => false),
  )
}
