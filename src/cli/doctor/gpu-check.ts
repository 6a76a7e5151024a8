import * as Effect from "effect/Effect"
import type { Config } from "../../config/definition.ts"
import type { Environment } from "../../config/paths.ts"
import { NO_DRIVER } from "../../machines/readings/reading-sources.ts"
import { type GpuReadings, openReadings } from "../../models/gpu/readings.ts"
import { type GpuSurvey, surveyGpu } from "../../models/gpu/survey.ts"
import type { MemoryReading } from "../../ports/readings.ts"
import { gpuFindings } from "../gpu/findings.ts"
import { gpuNeeds } from "../gpu/needs.ts"
import { type Check, type Finding, ok, warn } from "./check.ts"

const LOOK_MS = 20_000

/** Whether the GPU's memory can be read, and whether speech can run there if it is to; `jett gpu status` says more. */
export function gpuChecks(
  config: Config,
  env: Environment,
  survey: (env: Environment) => Promise<GpuSurvey> = surveyGpu,
): readonly Check[] {
  return [
    {
      id: "gpu.memory",
      timeoutMs: LOOK_MS,
      run: () =>
        Effect.runPromise(
          Effect.scoped(
            Effect.flatMap(openReadings({ env }), (readings) =>
              Effect.map(readings.take, (reading) => gpuFinding(config, readings, reading)),
            ),
          ),
        ),
    },
    {
      id: "gpu.speech",
      timeoutMs: LOOK_MS,
      run: async () => {
        const { profile } = config.memory
        if (profile !== "prototype")
          return ok(
            `not used: memory.profile is ${profile}, which keeps Jett's own speech models on the processor`,
          )
        return speechFinding(config, await survey(env))
      },
    },
  ]
}

export function gpuFinding(
  { memory: { profile } }: Config,
  { source, problem, description }: Pick<GpuReadings, "source" | "problem" | "description">,
  reading: MemoryReading | undefined,
): Finding {
  const name = description?.name ?? "GPU"
  if (reading !== undefined) return ok(`${name}: ${reading.totalMib} MiB, read by ${source}`)
  if (profile === "cpu") return ok("not used: memory.profile is cpu")
  if (problem === NO_DRIVER) {
    return profile === "auto"
      ? ok("none: everything runs on the processor")
      : warn(
          `none: ${problem}, and memory.profile is ${profile}, which wants a GPU`,
          'run jett gpu status, or set memory.profile to "auto"',
        )
  }
  return warn(
    `cannot be read (${problem ?? "no reading came"}): declared figures are used`,
    "run jett gpu status",
  )
}

/** The first thing that keeps speech from the GPU where it is to be. */
function speechFinding(config: Config, survey: GpuSurvey): Finding {
  const wrong = gpuFindings(survey, gpuNeeds(config, survey)).find(({ status }) => status !== "ok")
  if (wrong === undefined) return ok("speech can run on the GPU: the driver and the CUDA libraries are there")
  return warn(
    `memory.profile is prototype, but speech runs on the processor: ${wrong.id}: ${wrong.summary}`,
    wrong.fix ?? "run jett gpu status",
  )
}
