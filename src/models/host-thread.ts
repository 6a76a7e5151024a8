import type { EngineName, ToHost } from "../ports/host-protocol.ts"

/** What the engine thread starts with. */
export interface WorkerData {
  /** For tests: stands in for every engine. */
  readonly engineModule: string | undefined
  /** Engines that it makes ready before it says that it is. */
  readonly prepare: readonly EngineName[]
}

/** From a host's main thread to its engine thread. */
export type ToWorker =
  | { readonly type: "prepare"; readonly engine: EngineName }
  | (Extract<ToHost, { readonly type: "load" }> & { readonly verifiedInMs: number })
  | Extract<ToHost, { readonly type: "infer" | "unload" }>
  | { readonly type: "cancel"; readonly of: number }
  | { readonly type: "shutdown" }

/** From the engine thread. A frame is complete and goes out as it is; `ends` says that the operation is answered. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "frame"; readonly frame: Uint8Array; readonly ends: boolean }
  | { readonly type: "stopped" }
