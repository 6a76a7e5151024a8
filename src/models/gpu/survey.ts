import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import type { MemoryReading, Readings } from "../../ports/readings.ts"
import { CUDA_LIBRARIES, CUDNN_LIBRARY, type FoundLibrary, openLibrarySearch } from "./cuda-libraries.ts"
import {
  type CudaProvider,
  cudaLibraryOf,
  describeCudaProvider,
  isProviderInstalled,
} from "./cuda-provider.ts"
import { neededLibraries } from "./elf-needed.ts"
import type { GpuDescription } from "./memory-source.ts"
import { openReadings } from "./readings.ts"

/** A library that is needed, and where it was found, if it was. */
interface WantedLibrary {
  readonly name: string
  readonly found: FoundLibrary | undefined
}

/** All that is known about running speech on the GPU of this machine, before anything is tried. */
export interface GpuSurvey {
  readonly source: Readings["source"]
  /** Why there are no readings; undefined where there are. */
  readonly problem: string | undefined
  readonly gpu: GpuDescription | undefined
  readonly reading: MemoryReading | undefined
  readonly cuda: readonly WantedLibrary[]
  readonly cudnn: WantedLibrary
  readonly provider: CudaProvider
  readonly isProviderInstalled: boolean
}

/** Looks at driver and libraries; opens no connection. */
export async function surveyGpu(env: Readonly<Record<string, string | undefined>>): Promise<GpuSurvey> {
  const readings = await Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(openReadings({ env }), (opened) =>
        Effect.map(opened.take, (reading) => ({
          source: opened.source,
          problem: opened.problem,
          gpu: opened.description,
          reading,
        })),
      ),
    ),
  )
  const provider = describeCudaProvider()
  const find = await openLibrarySearch(env)
  const wanted = (name: string): WantedLibrary => ({ name, found: find(name) })
  return {
    ...readings,
    cuda: (await cudaLibraries(provider)).map(wanted),
    cudnn: wanted(CUDNN_LIBRARY),
    provider,
    isProviderInstalled: isProviderInstalled(provider),
  }
}

/** What the installed provider asks for; where there is none, what its package says. */
async function cudaLibraries(provider: CudaProvider): Promise<readonly string[]> {
  const library = cudaLibraryOf(provider)
  if (library === undefined || !existsSync(library)) return CUDA_LIBRARIES
  const needed = await neededLibraries(library)
  return needed.filter(
    (name) => /^lib(cu|nv)/.test(name) && name !== "libcuda.so.1" && !name.startsWith("libcudnn"),
  )
}
