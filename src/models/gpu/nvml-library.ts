import type { LibraryHandle } from "koffi"
import type { GpuDescription } from "./memory-source.ts"

/*
 * The few functions of NVIDIA's management library that are needed, by FFI. Codes, structures and symbol versions are
 * those of nvml.h (driver 550); what an older driver lacks has a fallback. Little-endian, as every platform with NVML is.
 */

const SUCCESS = 0
const NOT_SUPPORTED = 3
const INSUFFICIENT_SIZE = 7
/** Whatever is tried later, these stay: no driver, no library, library and driver of different versions, no GPU. */
const FINAL_CODES: ReadonlySet<number> = new Set([6, 9, 12, 18])
const NO_FUNCTION = Symbol("the library lacks the function")

const BYTES_PER_MIB = 1024 ** 2
/** nvmlMemory_v2_t: u32 version, u64 total, reserved, free, used. */
const MEMORY_V2_BYTES = 40
const MEMORY_V2_VERSION = MEMORY_V2_BYTES | (2 << 24)
/** nvmlProcessInfo_t of `_v3` and `_v2`: u32 pid, u64 bytes, u32 and u32; of the first version: u32 pid, u64 bytes. */
const PROCESS_BYTES = 24
const PROCESS_V1_BYTES = 16
const PROCESSES_AT_FIRST = 64
/** Where the driver does not tell what a process uses. */
const NOT_AVAILABLE = 2n ** 64n - 1n

export class NvmlError extends Error {
  /** True where to try again is of no use. */
  readonly isFinal: boolean
  constructor(message: string, isFinal: boolean) {
    super(message)
    this.isFinal = isFinal
  }
}

interface NvmlReading {
  readonly totalMib: number
  readonly usedMib: number
  readonly processes?: readonly { readonly pid: number; readonly usedMib: number }[]
}

export interface NvmlDevice {
  readonly description: GpuDescription
  /** Blocks for as long as the driver takes. Throws an NvmlError. */
  read(): NvmlReading
}

/** Opens the first library that loads and its GPU number `index`, in the driver's order. Rejects with an NvmlError. */
export async function openNvml(libraries: readonly string[], index: number): Promise<NvmlDevice> {
  const call = caller(await loadFirst(libraries))
  check("nvmlInit_v2", call("nvmlInit_v2", []))
  const count = Buffer.alloc(4)
  check("nvmlDeviceGetCount_v2", call("nvmlDeviceGetCount_v2", ["void *"], count))
  const gpus = count.readUInt32LE()
  if (index >= gpus) throw new NvmlError(`GPU ${index} was asked for and there are ${gpus}`, true)
  const handle = Buffer.alloc(8)
  check(
    "nvmlDeviceGetHandleByIndex_v2",
    call("nvmlDeviceGetHandleByIndex_v2", ["uint", "void *"], index, handle),
  )
  const device = handle.readBigUInt64LE()
  const text = (name: string, before: readonly unknown[] = []): string => {
    const bytes = Buffer.alloc(96)
    const types = [...before.map(() => "uintptr_t"), "void *", "uint"]
    const code = call(name, types, ...before, bytes, bytes.length)
    return code === SUCCESS ? bytes.toString("latin1", 0, Math.max(0, bytes.indexOf(0))) : ""
  }
  const cuda = Buffer.alloc(4)
  const cudaCode = call("nvmlSystemGetCudaDriverVersion_v2", ["void *"], cuda)
  // 12040 is CUDA 12.4.
  const cudaNumber = cudaCode === SUCCESS ? cuda.readInt32LE() : 0
  return {
    description: {
      name: text("nvmlDeviceGetName", [device]),
      driverVersion: text("nvmlSystemGetDriverVersion"),
      count: gpus,
      ...(cudaNumber > 0 && {
        cudaVersion: `${Math.floor(cudaNumber / 1000)}.${Math.floor((cudaNumber % 1000) / 10)}`,
      }),
    },
    read: () => {
      const memory = readMemory(call, device)
      const processes = readProcesses(call, device)
      return processes === undefined ? memory : { ...memory, processes }
    },
  }
}

type Call = (
  name: string,
  types: readonly string[],
  ...args: readonly unknown[]
) => number | typeof NO_FUNCTION

/** What is not free is in use: the second version counts what the driver reserves apart from `used`, the first within. */
function readMemory(call: Call, device: bigint): { readonly totalMib: number; readonly usedMib: number } {
  const v2 = Buffer.alloc(MEMORY_V2_BYTES)
  v2.writeUInt32LE(MEMORY_V2_VERSION)
  if (call("nvmlDeviceGetMemoryInfo_v2", ["uintptr_t", "void *"], device, v2) === SUCCESS) {
    return inMib(v2.readBigUInt64LE(8), v2.readBigUInt64LE(24))
  }
  const v1 = Buffer.alloc(24)
  check("nvmlDeviceGetMemoryInfo", call("nvmlDeviceGetMemoryInfo", ["uintptr_t", "void *"], device, v1))
  return inMib(v1.readBigUInt64LE(0), v1.readBigUInt64LE(8))
}

function inMib(total: bigint, free: bigint): { readonly totalMib: number; readonly usedMib: number } {
  if (total === 0n || free > total) {
    throw new NvmlError(`The driver says that ${free} of ${total} bytes are free`, false)
  }
  return {
    totalMib: Math.floor(Number(total) / BYTES_PER_MIB),
    usedMib: Math.ceil(Number(total - free) / BYTES_PER_MIB),
  }
}

/** Those that compute and those that draw (a game); undefined where the driver tells of neither. */
function readProcesses(
  call: Call,
  device: bigint,
): readonly { readonly pid: number; readonly usedMib: number }[] | undefined {
  const uses = new Map<number, number>()
  let told = false
  for (const kind of ["Compute", "Graphics"]) {
    const list = readProcessList(call, device, `nvmlDeviceGet${kind}RunningProcesses`)
    if (list === undefined) continue
    told = true
    // A process that does both is in both lists, with the same figure.
    for (const [pid, usedMib] of list) uses.set(pid, Math.max(usedMib, uses.get(pid) ?? 0))
  }
  return told ? [...uses].map(([pid, usedMib]) => ({ pid, usedMib })) : undefined
}

function readProcessList(
  call: Call,
  device: bigint,
  name: string,
): readonly (readonly [pid: number, usedMib: number])[] | undefined {
  for (const [suffix, stride] of [
    ["_v3", PROCESS_BYTES],
    ["_v2", PROCESS_BYTES],
    ["", PROCESS_V1_BYTES],
  ] as const) {
    let room = PROCESSES_AT_FIRST
    for (let attempt = 0; attempt < 3; attempt++) {
      const count = Buffer.alloc(4)
      count.writeUInt32LE(room)
      const list = Buffer.alloc(room * stride)
      const code = call(`${name}${suffix}`, ["uintptr_t", "void *", "void *"], device, count, list)
      const found = count.readUInt32LE()
      if (code === SUCCESS) return rows(list, Math.min(found, room), stride)
      if (code === NO_FUNCTION) break
      if (code !== INSUFFICIENT_SIZE) return undefined
      room = found + PROCESSES_AT_FIRST
    }
  }
  return undefined
}

function rows(list: Buffer, count: number, stride: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, at) => {
    const bytes = list.readBigUInt64LE(at * stride + 8)
    return [list.readUInt32LE(at * stride), bytes === NOT_AVAILABLE ? -1 : Number(bytes)] as const
  }).flatMap(([pid, bytes]) => (bytes < 0 ? [] : [[pid, Math.ceil(bytes / BYTES_PER_MIB)] as const]))
}

async function loadFirst(libraries: readonly string[]): Promise<LibraryHandle> {
  const koffi = await import("koffi").catch((cause: unknown) => {
    throw new NvmlError(`the optional package koffi does not load: ${messageOf(cause)}`, true)
  })
  let problem = "no library was named"
  for (const path of libraries) {
    try {
      return koffi.default.load(path)
    } catch (error) {
      problem = messageOf(error)
    }
  }
  throw new NvmlError(problem, true)
}

function caller(library: LibraryHandle): Call {
  const functions = new Map<string, ((...args: readonly unknown[]) => unknown) | undefined>()
  return (name, types, ...args) => {
    if (!functions.has(name)) {
      try {
        functions.set(name, library.func(name, "int", [...types]))
      } catch {
        functions.set(name, undefined)
      }
    }
    const code = functions.get(name)?.(...args)
    return typeof code === "number" ? code : NO_FUNCTION
  }
}

function check(name: string, code: number | typeof NO_FUNCTION): void {
  if (code === SUCCESS) return
  if (code === NO_FUNCTION) throw new NvmlError(`the NVIDIA library has no ${name}`, true)
  throw new NvmlError(`${name} failed: ${meaningOf(code)}`, FINAL_CODES.has(code) || code === NOT_SUPPORTED)
}

const MEANINGS: Readonly<Record<number, string>> = {
  1: "not initialised",
  2: "invalid argument",
  3: "not supported by this GPU",
  4: "no permission",
  6: "no such GPU",
  9: "the driver is not loaded",
  10: "timed out",
  12: "library not found",
  15: "the GPU has fallen off the bus",
  16: "the GPU needs a reset",
  18: "driver and library have different versions; restart the computer",
  999: "unknown error",
}

function meaningOf(code: number): string {
  return `${MEANINGS[code] ?? "error"} (${code})`
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
