import { knownContainer } from "./known-containers.ts"

/** How a container's name is said aloud where the configuration does not tell: `home-assistant` is "home assistant". */
export function spokenName(name: string): string {
  const known = knownContainer(name)
  if (known !== undefined) return known.spoken
  return name
    .replace(/[_.-]+/g, " ")
    .replace(/(?<=[a-z])(?=[A-Z])|(?<=[a-zA-Z])(?=\d)|(?<=\d)(?=[a-zA-Z])/g, " ")
    .trim()
    .toLowerCase()
}
