import { floatsOf, Tensor, tensorOf } from "./onnx.ts"
import { repeatedTail } from "./repetition.ts"

const BEGIN = 1
const END = 2
const LAYERS = 6
const HEADS = 8
const HEAD_SIZE = 36

const PAST = Array.from({ length: LAYERS }, (_, layer) =>
  ["key", "value"].map((part) => ({
    decoder: {
      past: `past_key_values.${layer}.decoder.${part}`,
      present: `present.${layer}.decoder.${part}`,
    },
    encoder: {
      past: `past_key_values.${layer}.encoder.${part}`,
      present: `present.${layer}.encoder.${part}`,
    },
  })),
).flat()
const FIRST_OUTPUTS = [
  "logits",
  ...PAST.flatMap(({ decoder, encoder }) => [decoder.present, encoder.present]),
]
/** What later steps need back: the encoder's keys and values never change and are not copied out again. */
const LATER_OUTPUTS = ["logits", ...PAST.map(({ decoder }) => decoder.present)]

export interface Decoded {
  readonly ids: readonly number[]
  /** Natural logarithm of the probability of each choice made, the decision to end included. */
  readonly logProbabilities: readonly number[]
}

export interface Encoded {
  readonly hiddenStates: Tensor
  /** The mask of the *audio*, [1, samples]: the merged decoder subsamples it itself. */
  readonly audioMask: Tensor
}

/** What of the decoder's session is used. */
export interface DecoderSession {
  run(feeds: Record<string, Tensor>, outputs: readonly string[]): Promise<Readonly<Record<string, Tensor>>>
}

/**
 * Greedy decoding with Moonshine's merged decoder. Ends at the end token, at `maxTokens`, when the tail repeats itself,
 * or as soon as `signal` is aborted.
 */
export async function decodeGreedily(
  decoder: DecoderSession,
  { hiddenStates, audioMask }: Encoded,
  maxTokens: number,
  signal: AbortSignal,
): Promise<Decoded> {
  const nothing = new Tensor("float32", new Float32Array(0), [1, HEADS, 0, HEAD_SIZE])
  const token = BigInt64Array.of(BigInt(BEGIN))
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor("int64", token, [1, 1]),
    encoder_hidden_states: hiddenStates,
    encoder_attention_mask: audioMask,
    use_cache_branch: new Tensor("bool", Uint8Array.of(0), [1]),
  }
  for (const { decoder: own, encoder } of PAST) {
    feeds[own.past] = nothing
    feeds[encoder.past] = nothing
  }

  const ids: number[] = []
  const logProbabilities: number[] = []
  while (ids.length < maxTokens && !signal.aborted) {
    const first = ids.length === 0
    const outputs = await decoder.run(feeds, first ? FIRST_OUTPUTS : LATER_OUTPUTS)
    const logits = floatsOf(outputs, "logits")
    const best = argmax(logits)
    logProbabilities.push(logProbability(logits, best, best))
    if (best === END) break
    ids.push(best)
    const looping = repeatedTail(ids)
    if (looping !== undefined) {
      ids.length -= looping
      logProbabilities.length = ids.length
      logProbabilities.push(logProbability(logits, END, best))
      break
    }

    token[0] = BigInt(best)
    for (const { decoder: own, encoder } of PAST) {
      feeds[own.past] = tensorOf(outputs, own.present)
      if (first) feeds[encoder.past] = tensorOf(outputs, encoder.present)
    }
    if (first) feeds["use_cache_branch"] = new Tensor("bool", Uint8Array.of(1), [1])
  }
  return { ids, logProbabilities }
}

function argmax(values: Float32Array): number {
  let best = 0
  let highest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    if (value > highest) {
      highest = value
      best = index
    }
  }
  return best
}

/** log softmax of `values[chosen]`; `best` is the index of the maximum. Terms below e^-20 of it are left out. */
function logProbability(values: Float32Array, chosen: number, best: number): number {
  const highest = values[best] ?? 0
  let sum = 0
  for (let index = 0; index < values.length; index += 1) {
    const distance = (values[index] ?? 0) - highest
    if (distance > -20) sum += Math.exp(distance)
  }
  return (values[chosen] ?? 0) - highest - Math.log(sum)
}
