import type { ToHost } from "../ports/host-protocol.ts"

/** From a host's main thread to its engine thread. */
export type ToWorker =
  | { readonly type: "prepare"; readonly engine: Extract<ToHost, { readonly type: "load" }>["engine"] }
  | (Extract<ToHost, { readonly type: "load" }> & { readonly verifiedInMs: number })
  | Extract<ToHost, { readonly type: "infer" | "unload" }>
  | { readonly type: "cancel"; readonly of: number }
  | { readonly type: "shutdown" }

/** From the engine thread. A frame is complete and goes out as it is; `ends` says that the operation is answered. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "frame"; readonly frame: Uint8Array; readonly ends: boolean }
  | { readonly type: "stopped" }
