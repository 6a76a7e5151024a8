import type { Placement } from "./residency.ts"

/**
 * The messages between the supervisor's process and a model host, on the host's fd 3 (to it) and fd 4 (from it).
 * Framing: u32 little-endian length (at most 8 MiB), then `v8.serialize` of one message.
 */
export type ToHost =
  | {
      readonly type: "load"
      readonly id: number
      readonly model: string
      readonly engine: EngineName
      readonly options: EngineOptions
    }
  | { readonly type: "infer"; readonly id: number; readonly model: string; readonly input: unknown }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "unload"; readonly id: number; readonly model: string }
  | { readonly type: "ping"; readonly id: number }
  | { readonly type: "shutdown" }

export type FromHost =
  | { readonly type: "hello"; readonly pid: number; readonly protocol: 1 }
  | {
      readonly type: "loaded"
      readonly id: number
      readonly loadMs: number
      /** What is not as it was asked for, and where it runs; see `LoadedEngine`. */
      readonly notice?: string | undefined
      readonly placement?: Placement | undefined
    }
  | { readonly type: "chunk"; readonly id: number; readonly value: unknown }
  | { readonly type: "done"; readonly id: number; readonly value: unknown; readonly inferenceMs: number }
  | { readonly type: "failed"; readonly id: number; readonly code: HostErrorCode; readonly message: string }
  | { readonly type: "unloaded"; readonly id: number }
  | { readonly type: "pong"; readonly id: number }

export type HostErrorCode =
  | "bad-input"
  | "not-loaded"
  | "load-failed"
  | "inference-failed"
  | "cancelled"
  | "busy"

export type EngineName = "listener" | "moonshine" | "piper" | "kokoro" | "llama"

/**
 * Plain data: absolute file paths by name, thread counts, engine parameters. `executionProvider`, "cuda" or "cpu", is
 * understood by every engine of large ONNX models; where CUDA cannot be used they say so and run on the processor.
 */
export interface EngineOptions {
  readonly files: Readonly<Record<string, string>>
  /** Expected SHA-256 of each file, checked by the host before the engine opens it. */
  readonly sha256: Readonly<Record<string, string>>
  readonly threads: number
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined
}
