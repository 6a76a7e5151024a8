import type { GuardedTool } from "../../ports/guarded-tool.ts"
import { changeTools } from "./change-tools.ts"
import { listTool } from "./list-tool.ts"
import { type ReadToolsOptions, readTools } from "./read-tools.ts"
import { CONTAINER_TIMES, type ContainerTimes, type SettleOptions } from "./settle-container.ts"

export interface ContainerToolsOptions extends ReadToolsOptions, Pick<SettleOptions, "clock"> {
  readonly times?: Partial<ContainerTimes> | undefined
}

/**
 * What may be done with the table's containers, each action as a tool of its own. One that the
 * table allows for no container is there to be refused, and no model is told of it.
 */
export const containerTools = (options: ContainerToolsOptions): readonly GuardedTool[] => {
  return [
    listTool(options.policy, options.engine),
    ...readTools(options),
    ...changeTools({ ...options, times: { ...CONTAINER_TIMES, ...options.times } }),
  ]
}
