import type { FoundLibrary } from "../../models/gpu/cuda-libraries.ts"
import type { GpuSurvey } from "../../models/gpu/survey.ts"
import { type Finding, ok, warn } from "../doctor/check.ts"
import { describeNeeds, type GpuNeeds } from "./needs.ts"

/** The oldest driver branch that runs programs built for CUDA 12, by NVIDIA's table of minor version compatibility. */
const OLDEST_DRIVER = 525
const CUDA_MAJOR = 12

export interface GpuFinding extends Finding {
  readonly id: "profile" | "driver" | "gpu" | "readings" | "cuda" | "cudnn" | "onnxruntime"
}

const INSTALL_DRIVER = `sudo ubuntu-drivers install (Ubuntu) or sudo apt install nvidia-driver (Debian, with its component non-free), ${OLDEST_DRIVER} or newer; then restart the machine`
const NVIDIA_REPOSITORY =
  "NVIDIA's repository (https://docs.nvidia.com/cuda/cuda-installation-guide-linux, package cuda-keyring)"

/** What `jett gpu status` prints: what the profile uses, and the fix for what of that is absent. */
export function gpuFindings(survey: GpuSurvey, needs: GpuNeeds): readonly GpuFinding[] {
  const gpu = (finding: Finding): Finding => (needs.gpu ? finding : unneeded(finding, needs))
  const speech = (finding: Finding): Finding => (needs.speech ? finding : unneeded(finding, needs))
  return [
    { id: "profile", ...ok(describeNeeds(needs)) },
    { id: "driver", ...gpu(driverFinding(survey, needs)) },
    { id: "gpu", ...gpu(cardFinding(survey)) },
    { id: "readings", ...gpu(readingsFinding(survey)) },
    { id: "cuda", ...speech(cudaFinding(survey)) },
    { id: "cudnn", ...speech(cudnnFinding(survey)) },
    { id: "onnxruntime", ...speech(providerFinding(survey)) },
  ]
}

/** Nobody is to be sent after what would change nothing. */
const unneeded = ({ status, summary }: Finding, { profile }: GpuNeeds): Finding =>
  ok(status === "ok" ? summary : `${summary}; not used by profile ${profile}`)

function driverFinding({ gpu, problem }: GpuSurvey, { speech }: GpuNeeds): Finding {
  if (gpu === undefined) return warn(`none: ${problem ?? "it says nothing about itself"}`, INSTALL_DRIVER)
  const cuda = gpu.cudaVersion === undefined ? "" : `, for CUDA up to ${gpu.cudaVersion}`
  const summary = `NVIDIA ${gpu.driverVersion}${cuda}`
  const major = Number.parseInt(gpu.driverVersion, 10)
  const isOld =
    gpu.cudaVersion === undefined ? major < OLDEST_DRIVER : Number.parseInt(gpu.cudaVersion, 10) < CUDA_MAJOR
  return isOld && speech ? warn(`${summary}; CUDA ${CUDA_MAJOR} is needed`, INSTALL_DRIVER) : ok(summary)
}

function cardFinding({ gpu, reading }: GpuSurvey): Finding {
  if (gpu === undefined)
    return warn("none was found", "install the driver; without a GPU, everything runs on the processor")
  const others = gpu.count > 1 ? `, the first of ${gpu.count}` : ""
  if (reading === undefined) return ok(`${gpu.name}${others}`)
  return ok(`${gpu.name}${others}: ${reading.usedMib} of ${reading.totalMib} MiB in use`)
}

function readingsFinding({ source, problem, reading }: GpuSurvey): Finding {
  if (source === "none") {
    return warn(
      `none: ${problem ?? "no reading"}; declared figures are used`,
      "run nvidia-smi, which names what is wrong; where it is missing, install the driver",
    )
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
      `sudo apt install ${missing.map(distributionPackage).join(" ")} (Ubuntu 24.04 and Debian 13, or newer), or ${nvidiaPackage(cuda)} from ${NVIDIA_REPOSITORY}`,
    )
  }
  const first = unreachable[0]
  if (first !== undefined) return outsideThePath(first)
  return ok(cuda.map(({ name, found }) => `${name} (${found?.version || "version unknown"})`).join(", "))
}

/** Debian's and Ubuntu's rule: `libcublasLt.so.12` is in `libcublaslt12`. */
const distributionPackage = (library: string): string => library.replace(".so.", "").toLowerCase()

/** All the libraries of one CUDA, in NVIDIA's own package. Any minor version of one major runs on the same driver. */
function nvidiaPackage(cuda: GpuSurvey["cuda"]): string {
  const runtime = cuda.find(({ name }) => name.startsWith("libcudart.so."))?.name
  const major = runtime === undefined ? CUDA_MAJOR : Number(runtime.split(".").at(-1))
  return major === CUDA_MAJOR ? `cuda-libraries-${CUDA_MAJOR}-8` : `cuda-libraries-${major}-0`
}

function cudnnFinding({ cudnn: { name, found } }: GpuSurvey): Finding {
  if (found === undefined)
    return warn(`lacks ${name}`, `sudo apt install libcudnn9-cuda-${CUDA_MAJOR}, from ${NVIDIA_REPOSITORY}`)
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
  return warn(`${name} without its CUDA libraries, so speech runs on the processor`, "run jett gpu install")
}

/** What keeps `jett gpu install` from being of any use, worst first; without one of these it may go on. */
export function obstacles(findings: readonly GpuFinding[]): readonly GpuFinding[] {
  const needed: ReadonlySet<GpuFinding["id"]> = new Set(["driver", "gpu", "cuda", "cudnn"])
  return findings.filter(({ id, status }) => needed.has(id) && status !== "ok")
}
