import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate"

/** One region of a machine as Mermaid text, `stateDiagram-v2`: as a whole, and each state that has states of its own. */
export interface Chart {
  readonly name: string
  /** The outermost states, with the events that lead from one to the other. */
  readonly overview: string
  readonly details: readonly Detail[]
  /** Transitions out of every state of the region, which would be an arrow from each. */
  readonly everywhere: readonly string[]
}

/** A composite state: its innermost states, with guards; other states only as where an arrow leads. */
interface Detail {
  readonly state: string
  readonly diagram: string
  readonly everywhere: readonly string[]
}

interface Edge {
  readonly source: AnyStateNode
  readonly target: AnyStateNode
  readonly event: string
  readonly guard: string | undefined
}

/** The charts of a machine, read from the machine itself; a parallel one has a chart for each region. */
export const chartsOf = (machine: AnyStateMachine): readonly Chart[] =>
  machine.root.type === "parallel" ? childrenOf(machine.root).map(chartOf) : [chartOf(machine.root)]

/** The machine as plain JSON, functions left out, for tools that open charts (Stately Studio among them). */
export const toJson = (machine: AnyStateMachine): string => {
  const { context: _, ...chart } = machine.config
  return `${JSON.stringify(chart, null, 2)}\n`
}

const chartOf = (region: AnyStateNode): Chart => {
  const composites = childrenOf(region).filter(isComposite)
  return {
    name: region.key,
    overview: draw(childrenOf(region), region, overviewEdges(region), (node) => node.key),
    details: composites.map((state) => ({
      state: state.key,
      diagram: detailOf(region, state),
      everywhere: everywhereIn(region, state),
    })),
    everywhere: everywhereIn(region, region),
  }
}

const everywhereIn = (region: AnyStateNode, node: AnyStateNode): string[] =>
  ownEdges(node).map(
    ({ event, guard, target }) => `${labelOf(event, guard)} → ${nameIn(region, entered(target))}`,
  )

const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states)
const isComposite = (node: AnyStateNode): boolean => childrenOf(node).length > 0

/** Dotted name within a region: `speaking.yielding.hearing`. */
const nameIn = (region: AnyStateNode, node: AnyStateNode): string =>
  node.path.slice(region.path.length).join(".")

/** The state that a transition to `node` ends in. */
const entered = (node: AnyStateNode): AnyStateNode => {
  const first = isComposite(node) ? node.initial?.target[0] : undefined
  return first === undefined ? node : entered(first)
}

const leavesOf = (node: AnyStateNode): AnyStateNode[] =>
  isComposite(node) ? childrenOf(node).flatMap(leavesOf) : [node]

const ownTransitions = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
]

const ownEdges = (node: AnyStateNode): Edge[] =>
  ownTransitions(node).flatMap(({ target, eventType, guard }) =>
    (target ?? []).map((to: AnyStateNode) => ({
      source: node,
      target: to,
      event: eventName(node, eventType),
      guard: guardName(guard),
    })),
  )

/** A timer is named by its delay, the end of an actor by the actor, an eventless transition by nothing. */
const eventName = (node: AnyStateNode, type: string): string => {
  if (type.startsWith("xstate.after.")) return `after ${type.split(".")[2]}`
  const ended = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type)
  if (ended === null) return type
  const actor = node.invoke.find(({ id }) => id === ended[2])
  return `${actor?.src ?? ended[2]} ${ended[1] === "done" ? "done" : "failed"}`
}

const guardName = (guard: unknown): string | undefined => {
  if (typeof guard === "string") return guard
  if (typeof guard === "object" && guard !== null && "type" in guard) return String(guard.type)
  return guard === undefined ? undefined : "guarded"
}

const labelOf = (event: string, guard: string | undefined): string =>
  [event, ...(guard === undefined ? [] : [`[${guard}]`])].filter((part) => part !== "").join(" ")

/** Edges between the children of a region, whatever is inside of them; without guards, unless there is nothing else. */
const overviewEdges = (region: AnyStateNode): Edge[] => {
  const outermost = (node: AnyStateNode): AnyStateNode =>
    node.parent === undefined || node.parent === region ? node : outermost(node.parent)
  const all = (node: AnyStateNode): Edge[] => [...ownEdges(node), ...childrenOf(node).flatMap(all)]
  return childrenOf(region)
    .flatMap(all)
    .map(({ source, target, event, guard }) => ({
      source: outermost(source),
      target: outermost(target),
      event,
      guard: event === "" ? guard : undefined,
    }))
    .filter(({ source, target }) => source !== target)
}

/** Edges of each innermost state of a composite one, those that it inherits from the states between included. */
const detailOf = (region: AnyStateNode, state: AnyStateNode): string => {
  const below = (node: AnyStateNode): AnyStateNode[] =>
    node === state || node.parent === undefined ? [] : [node, ...below(node.parent)]
  const edges = leavesOf(state).flatMap((leaf) =>
    below(leaf)
      .flatMap(ownEdges)
      .map((edge) => ({ ...edge, source: leaf, target: entered(edge.target) })),
  )
  const inside = leavesOf(state)
  return draw(inside, state, edges, (node) => nameIn(inside.includes(node) ? state : region, node))
}

const draw = (
  nodes: readonly AnyStateNode[],
  within: AnyStateNode,
  edges: readonly Edge[],
  nameOf: (node: AnyStateNode) => string,
): string => {
  const idOf = (node: AnyStateNode): string => node.path.join("_").replace(/[^A-Za-z0-9_]/g, "_")
  const drawn = [...new Set([...nodes, ...edges.map(({ target }) => target)])]
  const labels = new Map<string, Set<string>>()
  for (const { source, target, event, guard } of edges) {
    const arrow = `${idOf(source)} --> ${idOf(target)}`
    labels.set(arrow, (labels.get(arrow) ?? new Set()).add(labelOf(event, guard)))
  }
  const start = within.initial?.target[0]
  const lines = [
    ...drawn.map((node) => `state "${nameOf(node)}" as ${idOf(node)}`),
    ...(start === undefined ? [] : [`[*] --> ${idOf(nodes.includes(start) ? start : entered(start))}`]),
    ...[...labels].map(([arrow, texts]) => withLabel(arrow, [...texts])),
    ...nodes.filter(({ type }) => type === "final").map((node) => `${idOf(node)} --> [*]`),
  ]
  return ["stateDiagram-v2", ...lines.map((line) => `  ${line}`)].join("\n")
}

const withLabel = (arrow: string, texts: readonly string[]): string => {
  const label = texts.filter((text) => text !== "").join("<br/>")
  return label === "" ? arrow : `${arrow} : ${label}`
}
