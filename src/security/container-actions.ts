import type { ContainerAction, Tier } from "../ports/guard.ts"

/** Every action there is, in the order in which they are shown. */
export const CONTAINER_ACTIONS: readonly ContainerAction[] = Object.freeze([
  "status",
  "logs",
  "stats",
  "start",
  "restart",
  "stop",
] as const)

/** Exact: no case folding, no blanks taken off. */
export const isContainerAction = (value: unknown): value is ContainerAction =>
  CONTAINER_ACTIONS.some((action) => action === value)

/** What an action may cost: reading changes nothing; stopping, and any change of a database, is the danger tier. */
export function actionTier(action: ContainerAction, database: boolean): Tier {
  switch (action) {
    case "status":
    case "logs":
    case "stats":
      return "read"
    case "start":
    case "restart":
      return database ? "danger" : "change"
    case "stop":
      return "danger"
  }
}
