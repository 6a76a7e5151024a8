import { describe, expect, it } from "vitest"
import { parseFromHost, parseToHost } from "../../src/models/host-messages.ts"
import type { FromHost, ToHost } from "../../src/ports/host-protocol.ts"

const options = { files: { a: "/a" }, sha256: { a: "0" }, threads: 2 }

const toHost: readonly ToHost[] = [
  { type: "load", id: 1, model: "m", engine: "piper", options },
  {
    type: "load",
    id: 1,
    model: "m",
    engine: "llama",
    options: { ...options, parameters: { a: 1, b: "c", d: true } },
  },
  { type: "infer", id: 2, model: "m", input: { samples: new Int16Array(2) } },
  { type: "cancel", id: 2 },
  { type: "unload", id: 3, model: "m" },
  { type: "ping", id: 4 },
  { type: "shutdown" },
]

const fromHost: readonly FromHost[] = [
  { type: "hello", pid: 10, protocol: 1 },
  { type: "loaded", id: 1, loadMs: 1.5 },
  { type: "loaded", id: 1, loadMs: 1.5, notice: "on the processor", placement: "cpu" },
  { type: "loaded", id: 1, loadMs: 1.5, placement: "gpu" },
  { type: "chunk", id: 2, value: "x" },
  { type: "done", id: 2, value: undefined, inferenceMs: 0 },
  { type: "failed", id: 2, code: "busy", message: "m" },
  { type: "unloaded", id: 3 },
  { type: "pong", id: 4 },
]

describe("the schema of the host protocol", () => {
  it("accepts every message as it is", () => {
    for (const message of toHost) expect(parseToHost(message)).toEqual(message)
    for (const message of fromHost) expect(parseFromHost(message)).toEqual(message)
  })

  it("drops what does not belong to a message and shortens a message that is too long to show", () => {
    expect(parseToHost({ type: "ping", id: 1, extra: true })).toEqual({ type: "ping", id: 1 })
    const failed = parseFromHost({ type: "failed", id: 1, code: "busy", message: "x".repeat(10_000) })
    expect(failed).toMatchObject({ message: "x".repeat(500) })
  })

  it("refuses every message with one field missing", () => {
    for (const message of [...toHost, ...fromHost]) {
      for (const field of Object.keys(message)) {
        if (["input", "value", "notice", "placement"].includes(field)) continue
        const { [field]: _, ...rest } = { ...message } as Record<string, unknown>
        expect([field, parseToHost(rest) ?? parseFromHost(rest)]).toEqual([field, undefined])
      }
    }
  })

  it.each([
    [undefined],
    [null],
    ["ping"],
    [[]],
    [new Uint8Array(3)],
    [{ type: "ping", id: -1 }],
    [{ type: "ping", id: 1.5 }],
    [{ type: "ping", id: "1" }],
    [{ type: "exec", id: 1 }],
    [{ type: "infer", id: 1, model: "" }],
    [{ type: "load", id: 1, model: "m", engine: "bash", options }],
    [{ type: "load", id: 1, model: "m", engine: "piper", options: { ...options, threads: 0 } }],
    [{ type: "load", id: 1, model: "m", engine: "piper", options: { ...options, files: { a: 1 } } }],
    [{ type: "load", id: 1, model: "m", engine: "piper", options: { ...options, parameters: { a: {} } } }],
    [{ type: "hello", pid: 1, protocol: 2 }],
    [{ type: "loaded", id: 1, loadMs: Number.NaN }],
    [{ type: "loaded", id: 1, loadMs: 1, notice: 7 }],
    [{ type: "loaded", id: 1, loadMs: 1, placement: "tpu" }],
    [{ type: "done", id: 1, value: 1, inferenceMs: -1 }],
    [{ type: "failed", id: 1, code: "segfault", message: "m" }],
  ])("refuses %j", (message) => {
    expect(parseToHost(message)).toBeUndefined()
    expect(parseFromHost(message)).toBeUndefined()
  })
})
