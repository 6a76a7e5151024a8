/** What becomes of a model of which a part is on the processor: kept, or tried with a smaller context first, or refused. */
export type PartialOffload = "accept" | "smaller-context" | "refuse"

export interface ContextWishes {
  /** The largest context to try, in tokens. */
  readonly contextTokens: number
  /** Of a context, in tokens. */
  readonly replyTokens: number
  readonly partialOffload: PartialOffload
}

/** What a load turned out to be. */
export interface LoadFound {
  /** It was loaded with these. */
  readonly contextTokens: number
  /** 0 to 1: how much of the model is on the processor although it was to be on the GPU. */
  readonly cpuShare: number
}

export type AfterLoad =
  /** `partial`: the ledger is not to learn its footprint. `notice`: what the user should know although it works. */
  | { readonly type: "keep"; readonly partial: boolean; readonly notice?: string }
  | { readonly type: "load-again"; readonly contextTokens: number }
  /** It does not fit; the message says what to do. */
  | { readonly type: "refuse"; readonly message: string }

/** A prompt of less holds no conversation. */
const LEAST_CONTEXT_TOKENS = 1024

/** The contexts that a model may be loaded with, the largest first. A prompt needs as much as its reply. */
export const contextsToTry = ({
  contextTokens,
  replyTokens,
  partialOffload,
}: ContextWishes): readonly number[] => {
  const contexts = [contextTokens]
  if (partialOffload !== "smaller-context") return contexts
  const least = Math.max(LEAST_CONTEXT_TOKENS, 2 * replyTokens)
  for (let tokens = contextTokens; tokens > least; ) {
    tokens = Math.max(least, Math.floor(tokens / 2))
    contexts.push(tokens)
  }
  return contexts
}

/** What happens after a load: only where the model went tells whether a context fits. */
export const afterLoad = (
  { model, ...wishes }: ContextWishes & { readonly model: string },
  { contextTokens, cpuShare }: LoadFound,
): AfterLoad => {
  if (cpuShare <= 0) {
    if (contextTokens >= wishes.contextTokens) return { type: "keep", partial: false }
    const notice = `${model} fits on the GPU only with ${contextTokens} tokens of context instead of ${wishes.contextTokens}, so it remembers less of a conversation.`
    return { type: "keep", partial: false, notice }
  }
  const smaller = contextsToTry(wishes).find((tokens) => tokens < contextTokens)
  // With nothing at all on the GPU it is not a little that is missing.
  if (smaller !== undefined && cpuShare < 1) return { type: "load-again", contextTokens: smaller }
  const percent = Math.max(1, Math.round(cpuShare * 100))
  const what = `${model} does not fit on the GPU: ${percent} % of it`
  if (wishes.partialOffload === "refuse") {
    const message = `${what} would be on the processor; close what uses the GPU, take a smaller model, or set llm.partial_offload = "accept".`
    return { type: "refuse", message }
  }
  return { type: "keep", partial: true, notice: `${what} is on the processor, so answers are slow.` }
}
