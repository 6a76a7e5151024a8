import type { OllamaResident } from "./ollama-server.ts"

/** Where Ollama put a model: all of it on the GPU, all of it on the processor for want of a GPU, or torn in two. */
export type OllamaPlacement =
  | { readonly type: "gpu" }
  | { readonly type: "cpu" }
  /** `cpuShare`, 0 to 1: how much of it is on the processor although there is a GPU. */
  | { readonly type: "partial"; readonly cpuShare: number }

/**
 * Reads what `/api/ps` says of a loaded model. Nothing on the GPU is as it should be on a machine without one, and
 * the worst of partial offloads on a machine with one: `expectsGpu` tells the two apart.
 */
export const ollamaPlacement = (
  { sizeBytes, vramBytes }: OllamaResident,
  expectsGpu: boolean,
): OllamaPlacement => {
  if (vramBytes >= sizeBytes && vramBytes > 0) return { type: "gpu" }
  if (vramBytes <= 0 && !expectsGpu) return { type: "cpu" }
  return { type: "partial", cpuShare: sizeBytes > 0 ? 1 - Math.max(0, vramBytes) / sizeBytes : 1 }
}
