import { soundDistance, soundsOf, weightOf } from "./sounds.ts"
import { spokenForm } from "./spoken-form.ts"

/** A container and the ways of saying its name; the first is the one in which Jett says it. */
export interface SpokenContainer {
  readonly name: string
  readonly spoken: readonly string[]
}

/** Which container of the table was meant. `name` is always the table's own. */
export type HeardName =
  | { readonly type: "known"; readonly name: string }
  /** Nearest first, at most three; it takes a question to know. */
  | { readonly type: "ambiguous"; readonly candidates: readonly SpokenContainer[] }
  | { readonly type: "unknown" }

/**
 * How near a sound-alike must be: `certain` is taken without asking, `ask` is worth a question.
 *
 * Of 170 commands with 19 names of widely used containers, spoken by three Kokoro voices and transcribed by Moonshine tiny,
 * at 0.25 and 0.4 142 are understood, none wrongly, and 19 asked about, 3 of them in vain; of 1209 ordinary words 7 are
 * taken for a name, and 66 asked about. At 0.35 30 words would be taken.
 */
export interface Likeness {
  readonly certain: number
  readonly ask: number
}

/** Its names as they are, and no sound-alike. */
export const EXACT: Likeness = { certain: -1, ask: -1 }
/** Nothing but the name says that a container is meant, as in "restart quadrant". */
export const BARE: Likeness = { certain: 0.2, ask: 0.2 }
/** The word "container" stands beside it. */
export const BESIDE_CONTAINER: Likeness = { certain: 0.25, ask: 0.4 }

/** The second-best container must be this much farther away. */
const MARGIN = 0.15
/** Fewer sounds are like too many words: they are taken as they are or not at all. */
const LEAST_WEIGHT = 3
/** "Gaudia" is near "caddy": with so few sounds the nearest is only worth a question. */
const CERTAIN_WEIGHT = 3.5
const MOST_CANDIDATES = 3

/**
 * The container that the heard words name: by one of its names exactly, else by sound. Only names go by sound; which
 * action was said never does.
 */
export function resolveContainerName(
  heard: string,
  containers: readonly SpokenContainer[],
  { certain, ask }: Likeness = BESIDE_CONTAINER,
): HeardName {
  const form = spokenForm(heard)
  if (form === "") return { type: "unknown" }
  const exact = exactly(form, containers)
  if (exact.length === 1 && exact[0] !== undefined) return { type: "known", name: exact[0].name }
  if (exact.length > 1) return { type: "ambiguous", candidates: exact.slice(0, MOST_CANDIDATES) }
  const sounds = soundsOf(heard)
  if (weightOf(sounds) < LEAST_WEIGHT) return { type: "unknown" }
  const near = containers
    .map((container) => ({ container, distance: distanceTo(container, sounds) }))
    .filter(({ distance }) => distance <= Math.max(ask, certain + MARGIN))
    .sort((a, b) => a.distance - b.distance)
  const [best, second] = near
  if (best === undefined || best.distance > ask) return { type: "unknown" }
  const isAlone = second === undefined || second.distance - best.distance >= MARGIN
  const isLong = weightOf(sounds) >= CERTAIN_WEIGHT
  if (isLong && best.distance <= certain && isAlone) return { type: "known", name: best.container.name }
  const asked = near.filter(({ distance }) => distance - best.distance < MARGIN)
  return { type: "ambiguous", candidates: asked.slice(0, MOST_CANDIDATES).map(({ container }) => container) }
}

/** By its own name first: that is nobody else's. */
function exactly(form: string, containers: readonly SpokenContainer[]): readonly SpokenContainer[] {
  const named = containers.filter((container) => waysOf(container).name === form)
  return named.length > 0 ? named : containers.filter((container) => waysOf(container).forms.includes(form))
}

const distanceTo = (container: SpokenContainer, sounds: string): number =>
  Math.min(1, ...waysOf(container).sounds.map((way) => soundDistance(way, sounds)))

interface Ways {
  readonly name: string
  readonly forms: readonly string[]
  readonly sounds: readonly string[]
}

/** Spelling to sounds is most of the work, and the table does not change. */
const known = new WeakMap<SpokenContainer, Ways>()

function waysOf(container: SpokenContainer): Ways {
  const there = known.get(container)
  if (there !== undefined) return there
  const { name, spoken } = container
  const sounds = new Set([name, ...spoken].map(soundsOf))
  const ways = {
    name: spokenForm(name),
    forms: spoken.map(spokenForm),
    sounds: [...sounds].filter((way) => weightOf(way) >= LEAST_WEIGHT),
  }
  known.set(container, ways)
  return ways
}

/** "Did you mean n eight n or quadrant?" */
export function whichContainer(candidates: readonly SpokenContainer[]): string {
  const names = candidates.map(({ name, spoken }) => spoken[0] ?? name)
  const last = names.at(-1) ?? ""
  const others = names.slice(0, -1).join(", ")
  return `Did you mean ${others === "" ? last : `${others} or ${last}`}?`
}
