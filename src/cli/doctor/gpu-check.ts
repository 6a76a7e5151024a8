import * as Effect from "effect/Effect"
import type { Environment } from "../../config/paths.ts"
import { type GpuReadings, openReadings } from "../../models/gpu/readings.ts"
import { NO_DRIVER } from "../../models/gpu/supervised-readings.ts"
import type { MemoryReading } from "../../ports/readings.ts"
import { type Check, type Finding, ok, warn } from "./check.ts"

/** Whether the GPU's memory can be read; `jett gpu status` says more. */
export function gpuCheck(env: Environment): Check {
  return {
    id: "gpu.memory",
    timeoutMs: 20_000,
    run: () =>
      Effect.runPromise(
        Effect.scoped(
          Effect.flatMap(openReadings({ env }), (readings) =>
            Effect.map(readings.take, (reading) => gpuFinding(readings, reading)),
          ),
        ),
      ),
  }
}

export function gpuFinding(
  { source, problem, description }: Pick<GpuReadings, "source" | "problem" | "description">,
  reading: MemoryReading | undefined,
): Finding {
  const name = description?.name ?? "GPU"
  if (reading !== undefined) return ok(`${name}: ${reading.totalMib} MiB, read by ${source}`)
  if (problem === NO_DRIVER) return ok("none: everything runs on the processor")
  return warn(
    `cannot be read (${problem ?? "no reading came"}): declared figures are used`,
    "run jett gpu status",
  )
}
