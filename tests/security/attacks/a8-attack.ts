import type { AttackRig, AttackRigOptions } from "../../support/attack-rig.ts"
import type { AttackCase } from "./attack-case.ts"

/** An attack on the confirmation, after which nothing has changed but `changes`. */
export const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  more: { readonly changes?: readonly string[]; readonly rig?: AttackRigOptions } = {},
): AttackCase => ({ class: "A8", what, attack: run, ...more })
