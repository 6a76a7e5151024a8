import * as Effect from "effect/Effect"
import { configuredPolicy } from "../../config/configured-policy.ts"
import type { Config } from "../../config/definition.ts"
import { type Environment, stateFolder } from "../../config/paths.ts"
import { openPin, type PinState } from "../../security/pin.ts"
import type { Policy } from "../../security/policy.ts"
import { type Check, type Finding, ok, warn } from "./check.ts"

/** Whether there is a PIN where the table has an action that needs one. */
export function pinCheck(config: Config, env: Environment): Check {
  return {
    id: "guard.pin",
    run: async () =>
      pinFinding(
        needingThePin(configuredPolicy(config)),
        await Effect.runPromise(openPin(stateFolder(env)).state),
      ),
  }
}

/** `needing`: "stop n8n". */
export function pinFinding(needing: readonly string[], state: PinState): Finding {
  const [first] = needing
  if (state.type === "unusable") return warn(`counts as not set: ${state.problem}`, "run jett pin set")
  if (state.type === "locked")
    return warn(
      `locked after wrong PINs, for ${Math.ceil(state.forMs / 60_000)} min`,
      "wait, or run jett pin set if the wrong ones were yours",
    )
  if (first === undefined) return ok("not needed: no action of the table takes one")
  if (state.type === "set") return ok("set")
  const more = needing.length === 1 ? "" : ` and ${needing.length - 1} more`
  return warn(`not set, so ${first}${more} will be refused`, "run jett pin set")
}

const needingThePin = ({ containers, tierOf }: Policy): readonly string[] =>
  containers.flatMap(({ name, actions }) =>
    actions.filter((action) => tierOf(name, action) === "danger").map((action) => `${action} ${name}`),
  )
