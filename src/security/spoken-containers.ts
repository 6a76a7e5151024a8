import type { SpokenContainer } from "../text/container-names.ts"
import type { Policy } from "./policy.ts"

/** The containers as they are said aloud, for the fixed phrases. */
export const spokenContainers = ({ containers }: Policy): readonly SpokenContainer[] =>
  containers.map(({ name, spoken, aliases }) => ({ name, spoken: [spoken, ...aliases] }))
