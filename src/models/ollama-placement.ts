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

/** A prompt of less holds no conversation. */
const LEAST_CONTEXT_TOKENS = 1024

/** The next smaller context to try, or undefined where less would be of no use. A prompt needs as much as its reply. */
export const smallerContext = (contextTokens: number, replyTokens: number): number | undefined => {
  const least = Math.max(LEAST_CONTEXT_TOKENS, 2 * replyTokens)
  return contextTokens > least ? Math.max(least, Math.floor(contextTokens / 2)) : undefined
}

/** The contexts of a model, from the configured one down to the smallest. */
export const contextsOf = (contextTokens: number, replyTokens: number): readonly number[] => {
  const contexts = [contextTokens]
  for (let next = smallerContext(contextTokens, replyTokens); next !== undefined; ) {
    contexts.push(next)
    next = smallerContext(next, replyTokens)
  }
  return contexts
}
