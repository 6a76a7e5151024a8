import type { GuardedTool } from "../../ports/guarded-tool.ts"
import { changeTools } from "./change-tools.ts"
import { listTool } from "./list-tool.ts"
import { type ReadToolsOptions, readTools } from "./read-tools.ts"
import { CONTAINER_TIMES, type ContainerTimes, type SettleOptions } from "./settle-container.ts"

export interface ContainerToolsOptions extends ReadToolsOptions, Pick<SettleOptions, "clock"> {
  readonly times?: Partial<ContainerTimes> | undefined
}

/**
 * What may be done with the table's containers, each action as a tool of its own. A tool that the table allows for no
 * container is not there.
 */
export const containerTools = (options: ContainerToolsOptions): readonly GuardedTool[] => {
  const list = listTool(options.policy, options.engine)
  return [
    ...(list === undefined ? [] : [list]),
    ...readTools(options),
    ...changeTools({ ...options, times: { ...CONTAINER_TIMES, ...options.times } }),
  ]
}
