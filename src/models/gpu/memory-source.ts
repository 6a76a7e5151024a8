import type { MemoryReading } from "../../ports/readings.ts"

/** What a driver says about its GPU, once; undefined where it does not tell. */
export interface GpuDescription {
  readonly name: string
  readonly driverVersion: string
  /** The newest CUDA that the driver can run: `12.4`. */
  readonly cudaVersion?: string | undefined
  /** How many GPUs there are; the readings are of one. */
  readonly count: number
}

export interface SourceListener {
  described(description: GpuDescription): void
  reading(reading: MemoryReading): void
  /** It gives no more readings; called at most once, and not after `close`. */
  gone(ending: SourceEnding): void
}

export interface SourceEnding {
  readonly reason: string
  /** True where to try again is of no use: no driver, no such library. */
  readonly isFinal: boolean
}

/** One running way to read the GPU: a child process. */
export interface OpenSource {
  /** Asks for a reading; a source that gives them unasked does nothing. */
  ask(): void
  close(): void
}

export interface MemorySource {
  readonly id: "nvml" | "nvidia-smi"
  open(listener: SourceListener): OpenSource
}
