import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import type { LoadedEngine } from "../ports/engine.ts"
import type { EngineName, FromHost, HostErrorCode } from "../ports/host-protocol.ts"
import { EngineError } from "./engine-error.ts"
import { engineNamed } from "./engines.ts"
import { encodeFrame } from "./host-framing.ts"
import type { FromWorker, ToWorker, WorkerData } from "./host-thread.ts"

/**
 * The thread of a host in which engines run. One operation at a time: the main thread sends the next one only after
 * this one was answered. A blocking `run()` stops this thread alone, so the main thread goes on answering pings.
 */
type Operation = Extract<ToWorker, { readonly id: number }>

const open = (port: MessagePort, engineModule: string | undefined): void => {
  const loaded = new Map<string, LoadedEngine<unknown, unknown, unknown>>()
  let running: { readonly id: number; readonly abort: AbortController } | undefined

  /** Frames are made here, so that serialising a long answer never delays the main thread's pongs. */
  const send = (message: FromHost, ends: boolean): void => {
    const frame = encodeFrame(message)
    const note: FromWorker = { type: "frame", frame, ends }
    port.postMessage(note, [frame.buffer])
  }

  const dispose = async (model: string): Promise<void> => {
    const engine = loaded.get(model)
    loaded.delete(model)
    await engine?.dispose()
  }

  const load = async (
    { id, model, engine, options, verifiedInMs }: Extract<Operation, { readonly type: "load" }>,
    signal: AbortSignal,
  ): Promise<FromHost> => {
    const startedAt = performance.now()
    await dispose(model)
    const fresh = await (await engineNamed(engine, engineModule)).load(options)
    if (signal.aborted) {
      await fresh.dispose()
      throw new EngineError("cancelled", `Loading ${model} was cancelled.`)
    }
    loaded.set(model, fresh)
    const loadMs = verifiedInMs + performance.now() - startedAt
    const { notice, placement } = fresh
    return {
      type: "loaded",
      id,
      loadMs,
      ...(notice !== undefined && { notice }),
      ...(placement !== undefined && { placement }),
    }
  }

  const infer = async (
    { id, model, input }: Extract<Operation, { readonly type: "infer" }>,
    signal: AbortSignal,
  ): Promise<FromHost> => {
    const engine = loaded.get(model)
    if (engine === undefined) throw new EngineError("not-loaded", `${model} is not loaded in this host.`)
    const startedAt = performance.now()
    let open = true
    const emit = (value: unknown): void => {
      if (open && !signal.aborted) send({ type: "chunk", id, value }, false)
    }
    try {
      const value = await engine.infer(input, emit, signal)
      return { type: "done", id, value, inferenceMs: performance.now() - startedAt }
    } finally {
      open = false
    }
  }

  const perform = (operation: Operation, signal: AbortSignal): Promise<FromHost> => {
    switch (operation.type) {
      case "load":
        return load(operation, signal)
      case "infer":
        return infer(operation, signal)
      case "unload":
        return dispose(operation.model).then(() => ({ type: "unloaded", id: operation.id }))
    }
  }

  const run = async (operation: Operation): Promise<void> => {
    const abort = new AbortController()
    running = { id: operation.id, abort }
    try {
      send(await perform(operation, abort.signal), true)
    } catch (error) {
      send(failureOf(operation, abort.signal, error), true)
    } finally {
      running = undefined
    }
  }

  const shutDown = async (): Promise<void> => {
    running?.abort.abort()
    await Promise.allSettled([...loaded.keys()].map(dispose))
    const note: FromWorker = { type: "stopped" }
    port.postMessage(note)
  }

  port.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "prepare":
        // While the main thread hashes the files.
        void prepareEngine(message.engine, engineModule).catch(() => undefined)
        return
      case "cancel":
        if (running?.id === message.of) running.abort.abort()
        return
      case "shutdown":
        void shutDown()
        return
      default:
        void run(message)
    }
  })

  const ready: FromWorker = { type: "ready" }
  port.postMessage(ready)
}

const FALLBACK_CODE = {
  load: "load-failed",
  infer: "inference-failed",
  unload: "inference-failed",
} as const satisfies Record<Operation["type"], HostErrorCode>

/** An engine's error as an answer. The message is the engine's own and never holds what was said. */
const failureOf = (operation: Operation, signal: AbortSignal, error: unknown): FromHost => {
  const message = error instanceof Error ? error.message : String(error)
  if (signal.aborted) return { type: "failed", id: operation.id, code: "cancelled", message }
  const code = error instanceof EngineError ? error.code : FALLBACK_CODE[operation.type]
  return { type: "failed", id: operation.id, code, message }
}

const STAND_IN: EngineName = "listener"

/** A failure shows again, and is answered, when the engine is to load. */
const prepareEngine = (name: EngineName, engineModule: string | undefined): Promise<unknown> =>
  engineNamed(name, engineModule).then(
    ({ prepared }) => prepared,
    () => undefined,
  )

if (parentPort !== null) {
  const { engineModule, prepare }: WorkerData = workerData
  // A stand-in is imported before the host says hello, so that a wrong path is a failed start, not a failed load.
  if (engineModule !== undefined) await engineNamed(STAND_IN, engineModule)
  await Promise.allSettled(prepare.map((engine) => prepareEngine(engine, engineModule)))
  open(parentPort, engineModule)
}
