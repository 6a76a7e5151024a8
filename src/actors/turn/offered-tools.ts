import type { LanguageModel } from "../../ports/language-model.ts"
import type { ToolDefinition } from "../../ports/tools.ts"
import type { AnswerServices } from "./answer-services.ts"

/** What the model is told of the tools: nothing where it cannot call any, since that would only fill its context. */
export const offeredTools = (
  { tools }: Pick<AnswerServices, "tools">,
  { callsTools }: Pick<LanguageModel, "callsTools">,
): readonly ToolDefinition[] => (callsTools === true ? tools.definitions : [])
