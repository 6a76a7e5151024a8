import type { FoundLibrary } from "../../models/gpu/cuda-libraries.ts"
import type { GpuSurvey } from "../../models/gpu/survey.ts"
import { type Finding, ok, warn } from "../doctor/check.ts"

/** The oldest driver branch that runs programs built for CUDA 12, by NVIDIA's table of minor version compatibility. */
const OLDEST_DRIVER = 525
const CUDA_MAJOR = 12

export interface GpuFinding extends Finding {
  readonly id: "driver" | "gpu" | "readings" | "cuda" | "cudnn" | "onnxruntime"
}

/** What `jett gpu status` prints: each thing that the GPU speech path needs, with the fix where it is absent. */
export function gpuFindings(survey: GpuSurvey): readonly GpuFinding[] {
  return [
    { id: "driver", ...driverFinding(survey) },
    { id: "gpu", ...cardFinding(survey) },
    { id: "readings", ...readingsFinding(survey) },
    { id: "cuda", ...cudaFinding(survey) },
    { id: "cudnn", ...cudnnFinding(survey) },
    { id: "onnxruntime", ...providerFinding(survey) },
  ]
}

function driverFinding({ gpu, problem }: GpuSurvey): Finding {
  const fix = `install your distribution's NVIDIA driver, ${OLDEST_DRIVER} or newer, and restart`
  if (gpu === undefined) return warn(`none: ${problem ?? "it says nothing about itself"}`, fix)
  const cuda = gpu.cudaVersion === undefined ? "" : `, for CUDA up to ${gpu.cudaVersion}`
  const summary = `NVIDIA ${gpu.driverVersion}${cuda}`
  const major = Number.parseInt(gpu.driverVersion, 10)
  const isOld =
    gpu.cudaVersion === undefined ? major < OLDEST_DRIVER : Number.parseInt(gpu.cudaVersion, 10) < CUDA_MAJOR
  return isOld ? warn(`${summary}; CUDA ${CUDA_MAJOR} is needed`, fix) : ok(summary)
}

function cardFinding({ gpu, reading }: GpuSurvey): Finding {
  if (gpu === undefined)
    return warn("none was found", "none is needed: without one, everything runs on the processor")
  const others = gpu.count > 1 ? `, the first of ${gpu.count}` : ""
  if (reading === undefined) return ok(`${gpu.name}${others}`)
  return ok(`${gpu.name}${others}: ${reading.usedMib} of ${reading.totalMib} MiB in use`)
}

function readingsFinding({ source, problem, reading }: GpuSurvey): Finding {
  if (source === "none") {
    return warn(`none: ${problem ?? "no reading"}; declared figures are used`, "install the driver")
  }
  const processes = reading?.processes === undefined ? "without" : "with"
  return ok(`${source}, ${processes} the use of each process`)
}

function cudaFinding({ cuda }: GpuSurvey): Finding {
  const missing = cuda.filter(({ found }) => found === undefined).map(({ name }) => name)
  const unreachable = cuda.flatMap(({ found }) => (found?.isReachable === false ? [found] : []))
  if (missing.length > 0) {
    return warn(
      `lacks ${missing.join(", ")}`,
      "install the CUDA runtime libraries of the version in these names, by your distribution or NVIDIA's packages",
    )
  }
  const first = unreachable[0]
  if (first !== undefined) return outsideThePath(first)
  return ok(cuda.map(({ name, found }) => `${name} (${found?.version || "version unknown"})`).join(", "))
}

function cudnnFinding({ cudnn: { name, found } }: GpuSurvey): Finding {
  if (found === undefined) return warn(`lacks ${name}`, "install cuDNN 9 for the same CUDA version")
  return found.isReachable ? ok(`${name} (${found.version || "version unknown"})`) : outsideThePath(found)
}

function outsideThePath({ path }: FoundLibrary): Finding {
  const folder = path.slice(0, path.lastIndexOf("/"))
  return warn(
    `${path} is there, and the loader does not look there`,
    `start Jett with LD_LIBRARY_PATH=${folder}, or name that folder to ldconfig`,
  )
}

function providerFinding({ provider, isProviderInstalled }: GpuSurvey): Finding {
  const name = `onnxruntime-node ${provider.packageVersion}`
  if (isProviderInstalled) return ok(`${name} with its CUDA libraries`)
  return warn(`${name} without its CUDA libraries: speech runs on the processor`, "run jett gpu install")
}

/** What keeps `jett gpu install` from being of any use, worst first; without one of these it may go on. */
export function obstacles(findings: readonly GpuFinding[]): readonly GpuFinding[] {
  const needed: ReadonlySet<GpuFinding["id"]> = new Set(["driver", "gpu", "cuda", "cudnn"])
  return findings.filter(({ id, status }) => needed.has(id) && status !== "ok")
}
