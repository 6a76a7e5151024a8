import { basename } from "node:path"
import { InferenceSession, Tensor } from "onnxruntime-node"
import type { EngineOptions } from "../ports/host-protocol.ts"
import type { Placement } from "../ports/residency.ts"
import { EngineError } from "./engine-error.ts"
import { tellsOutOfMemory } from "./out-of-memory.ts"

/** The one place where ONNX Runtime is imported and its options are chosen. */
export { type InferenceSession, Tensor }

type ExecutionProvider = "cuda" | "cpu"

/**
 * - `always-on`: a small model run many times a second. One thread and no spinning: a spinning pool keeps a core at
 *   100 % between frames.
 * - `batch`: one large run at a time, on `threads` threads. Without the memory arena, which would keep the peak of the
 *   longest input for ever: after 30 s of speech Moonshine then holds 190 MB instead of 350, Piper 200 instead of 320
 *   after a long sentence. Inputs of up to 10 s take the same time, those of 30 s half as long again.
 */
export type SessionProfile = { readonly type: "always-on" } | BatchProfile

interface BatchProfile {
  readonly type: "batch"
  readonly threads: number
  readonly executionProvider?: ExecutionProvider
  /** Called where a session runs on CUDA. */
  onCuda?(): void
  /** Called with a sentence for the user where the processor is used instead of CUDA; without it that is a failure. */
  onFallback?(notice: string): void
}

/** What an engine of large models has to tell of itself when its sessions are open; see `LoadedEngine`. */
interface Outcome {
  /** Undefined until a session has fallen back. */
  readonly notice: string | undefined
  /** What is on the GPU only in part is there: its memory is. */
  readonly placement: Placement
}

/** What an engine of large models makes of its options. Once a session has fallen back, no later one tries CUDA. */
export function batchProfile(options: EngineOptions): BatchProfile & Outcome {
  const asked = options.parameters?.["executionProvider"] ?? "cpu"
  if (asked !== "cuda" && asked !== "cpu") {
    throw new EngineError("load-failed", `executionProvider is ${asked}, expected "cuda" or "cpu"`)
  }
  let notice: string | undefined
  let placement: Placement = "cpu"
  return {
    type: "batch",
    threads: options.threads,
    get executionProvider() {
      return notice === undefined ? asked : "cpu"
    },
    onCuda: () => {
      placement = "gpu"
    },
    onFallback: (reason) => {
      notice ??= reason
    },
    get notice() {
      return notice
    },
    get placement() {
      return placement
    },
  }
}

/**
 * Opens a model. Blocks the calling thread, as every `run` of the session does. Where CUDA cannot be used at all, the
 * model is opened on the processor; where the GPU's memory is full the load fails, because memory is the ledger's to find.
 */
export async function openSession(file: string, profile: SessionProfile): Promise<InferenceSession> {
  if (profile.type === "always-on" || profile.executionProvider !== "cuda") {
    return await createSession(file, profile, "cpu")
  }
  try {
    const session = await createSession(file, profile, "cuda")
    profile.onCuda?.()
    return session
  } catch (error) {
    if (tellsOutOfMemory(messageOf(error)) || profile.onFallback === undefined) throw error
    const session = await createSession(file, profile, "cpu")
    profile.onFallback(
      `${basename(file)} runs on the processor, not on the GPU: ${causeOf(error)}. \`jett gpu status\` says what is missing; Jett tries the GPU again when it is restarted.`,
    )
    return session
  }
}

async function createSession(
  file: string,
  profile: SessionProfile,
  provider: ExecutionProvider,
): Promise<InferenceSession> {
  const session = { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } }
  try {
    return await InferenceSession.create(file, {
      intraOpNumThreads: profile.type === "batch" ? Math.max(1, profile.threads) : 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      executionProviders: provider === "cuda" ? [{ name: "cuda", deviceId: 0 }, "cpu"] : ["cpu"],
      enableCpuMemArena: profile.type === "always-on",
      enableMemPattern: profile.type === "always-on",
      logSeverityLevel: 3,
      // Weights outside the arena, whose rounding would waste the GPU's memory: the one lever there is on its size.
      extra: {
        session: provider === "cuda" ? { ...session, use_device_allocator_for_initializers: "1" } : session,
      },
    })
  } catch (cause) {
    throw new EngineError("load-failed", `ONNX Runtime cannot open ${file}: ${messageOf(cause)}`, { cause })
  }
}

/** The path of a file that the engine cannot do without. */
export function requiredFile(options: EngineOptions, name: string): string {
  const path = options.files[name]
  if (path !== undefined) return path
  const found = Object.keys(options.files).sort().join(", ") || "none"
  throw new EngineError("load-failed", `The model lacks ${name}; its files are: ${found}. Pull it again.`)
}

/** The first file whose name matches, for models whose files carry the voice's name. */
export function requiredFileMatching(options: EngineOptions, suffix: string): string {
  const name = Object.keys(options.files)
    .sort()
    .find((candidate) => candidate.endsWith(suffix))
  return requiredFile(options, name ?? `*${suffix}`)
}

/** The float output `name` of a run. */
export function floatsOf(outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const data = tensorOf(outputs, name).data
  if (data instanceof Float32Array) return data
  throw new EngineError(
    "inference-failed",
    `Output ${name} is ${data.constructor.name}, expected Float32Array`,
  )
}

export function tensorOf(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = outputs[name]
  if (tensor !== undefined) return tensor
  const found = Object.keys(outputs).join(", ")
  throw new EngineError("inference-failed", `The model has no output ${name}; it has: ${found}`)
}

/** Checks at load what would otherwise be a wrong score at run time: that the file is the model it is taken for. */
export function expectInputs(session: InferenceSession, file: string, names: readonly string[]): void {
  const missing = names.filter((name) => !session.inputNames.includes(name))
  if (missing.length === 0) return
  throw new EngineError(
    "load-failed",
    `${file} is not the expected model: it lacks the inputs ${missing.join(", ")} and has ${session.inputNames.join(", ")}`,
  )
}

/** What the runtime threw, without our sentence around it. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof EngineError ? error.cause : error)
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
