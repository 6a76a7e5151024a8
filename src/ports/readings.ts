import type { Effect } from "effect/Effect"
import type { Stream } from "effect/Stream"

/** The memory of one GPU as its driver tells it, in MiB. */
export interface MemoryReading {
  readonly totalMib: number
  /** By everybody: us, other processes, the driver itself. */
  readonly usedMib: number
  /** By process, where the driver tells it. */
  readonly processes?: readonly { readonly pid: number; readonly usedMib: number }[] | undefined
  /** Monotonic, ms. */
  readonly atMs: number
}

/** Where the ledger looks at the real world. */
export interface Readings {
  /** `none`: no GPU can be read here, and the ledger goes by declared figures. */
  readonly source: "nvml" | "nvidia-smi" | "simulated" | "none"
  /** A reading made after the call; undefined where there is none. Never fails. */
  readonly take: Effect<MemoryReading | undefined>
  /**
   * As they are made, about twice a second, and `undefined` when there are none any more: what was read last no longer
   * holds then. They may begin late, and again. Never ends while the scope in which it was opened lasts.
   */
  readonly watch: Stream<MemoryReading | undefined>
}
