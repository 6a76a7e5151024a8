import { beforeAll, describe, expect, it } from "vitest"
import { adjacencyMapToArray, getAdjacencyMap, getStateNodes } from "xstate/graph"
import { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import { isSame } from "../../src/machines/conversation/conversation-context.ts"
import {
  canonical,
  conversationModel,
  dialogueOf,
  isAtRest,
  isTimer,
  type ModelEvent,
  type ModelState,
  modelEvents,
} from "./conversation-model.ts"

interface Edge {
  readonly event: ModelEvent
  readonly to: string
}
interface Node {
  readonly state: ModelState
  readonly edges: readonly Edge[]
}
interface Graph {
  readonly nodes: ReadonlyMap<string, Node>
  /** How each state was first reached: the last step of a shortest path to it. */
  readonly reachedBy: ReadonlyMap<string, { readonly from: string; readonly event: ModelEvent }>
}

/** Every state that any sequence of events and timers can reach, up to names and times, breadth first. */
const explore = (echoCancelled: boolean): Graph => {
  const map = getAdjacencyMap(conversationModel(echoCancelled), {
    events: modelEvents,
    serializeState: canonical,
    // A broken law is found; what follows from it is not looked at.
    stopWhen: ({ book }) => book.broken.length > 0,
  })
  const nodes = new Map<string, { readonly state: ModelState; readonly edges: Edge[] }>()
  const node = (state: ModelState) => {
    const key = canonical(state)
    const made = nodes.get(key) ?? { state, edges: [] }
    nodes.set(key, made)
    return made
  }
  const reachedBy = new Map<string, { readonly from: string; readonly event: ModelEvent }>()
  for (const { state, event, nextState } of adjacencyMapToArray(map)) {
    const [from, to] = [canonical(state), canonical(nextState)]
    node(state).edges.push({ event, to })
    node(nextState)
    if (!reachedBy.has(to)) reachedBy.set(to, { from, event })
  }
  return { nodes, reachedBy }
}

/** A shortest sequence of events that leads to a state, to be read in a failure. */
const pathTo = ({ nodes, reachedBy }: Graph, key: string): string => {
  const [initial] = nodes.keys()
  const events: string[] = []
  for (let at = key; at !== initial; ) {
    const step = reachedBy.get(at)
    if (step === undefined) break
    const { type, ...rest } = step.event
    events.unshift(`${type} ${JSON.stringify(rest)}`)
    at = step.from
  }
  return events.join("\n  ")
}

/** The states of which `predicate` is true, each with a path to it; at most three, which is enough to read. */
const statesThat = (graph: Graph, predicate: (node: Node, key: string) => string | undefined): string[] => {
  const found: string[] = []
  for (const [key, node] of graph.nodes) {
    const what = predicate(node, key)
    if (what !== undefined && found.length < 3) found.push(`${what}\n  ${pathTo(graph, key)}`)
  }
  return found
}

/** Whether timers alone, in whatever order they go off, end in listening or muted. */
const endsByItself = ({ nodes }: Graph): ((key: string) => boolean) => {
  const known = new Map<string, boolean>()
  const ends = (key: string): boolean => {
    const before = known.get(key)
    if (before !== undefined) return before
    // A state that is met again on its own way goes round for ever.
    known.set(key, false)
    const node = nodes.get(key)
    const timers = node?.edges.filter(({ event }) => isTimer(event)) ?? []
    const at = node !== undefined && isAtRest(node.state.machine)
    const result = at || (timers.length > 0 && timers.every(({ to }) => ends(to)))
    known.set(key, result)
    return result
  }
  return ends
}

const whereIs = ({ state }: Node): string => dialogueOf(state.machine)

describe.each([
  { hearing: "with its own voice removed from what it hears", echoCancelled: true },
  { hearing: "in half duplex", echoCancelled: false },
])("every path of the conversation $hearing", ({ echoCancelled }) => {
  let graph: Graph
  beforeAll(() => {
    graph = explore(echoCancelled)
  }, 120_000)

  it("keeps the laws: one owner of the speaker, no superseded speech, one commit, one close, no leak", () => {
    expect(statesThat(graph, ({ state }) => state.book.broken[0])).toEqual([])
  })

  it("reaches every state of the chart in which time can pass", () => {
    const reached = new Set([...graph.nodes.values()].map(whereIs))
    const leaves = getStateNodes(conversationMachine.root)
      .filter(
        ({ type, path, always }) => type === "atomic" && path[0] === "dialogue" && !always?.some(isSure),
      )
      .map(({ path }) => path.slice(1).join("."))
    const closed = echoCancelled
      ? ["waking.overSpeech"]
      : ["speaking.yielding.hearing", "speaking.yielding.judging"]
    expect([...reached].sort()).toEqual(leaves.filter((leaf) => !closed.includes(leaf)).sort())
  })

  it("has no state without a way out: time alone leads back to listening or muted", () => {
    const ends = endsByItself(graph)
    expect(statesThat(graph, (node, key) => (ends(key) ? undefined : `stuck in ${whereIs(node)}`))).toEqual(
      [],
    )
  })

  it("goes to listening, or to muted if it is, when the user cancels", () => {
    const wrong = statesThat(graph, ({ state, edges }) => {
      const cancel = edges.find(({ event }) => event.type === "user.cancel")
      const after = graph.nodes.get(cancel?.to ?? "")
      const expected = state.machine.context.muted ? "muted" : "listening"
      return after !== undefined && whereIs(after) === expected ? undefined : `not ${expected}`
    })
    expect(wrong).toEqual([])
  })

  it("survives a dead model: after the failure of the turn in hand, time alone leads back", () => {
    const ends = endsByItself(graph)
    const failures = [...graph.nodes.values()].flatMap(({ state, edges }) =>
      edges.filter(
        ({ event }) => event.type === "turn.failed" && event.turnId === state.machine.context.turn?.turnId,
      ),
    )
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.filter(({ to }) => !ends(to))).toEqual([])
  })

  it("is not moved by late news of a turn or revision that is over", () => {
    const moved = statesThat(graph, ({ state, edges }, key) => {
      const { turn, probe } = state.machine.context
      const late = edges.find(
        ({ event, to }) => "revision" in event && !isSame(turn, event) && !isSame(probe, event) && to !== key,
      )
      return late && `${late.event.type} changed the state`
    })
    expect(moved).toEqual([])
  })
})

const isSure = ({ guard }: { readonly guard?: unknown }): boolean => guard === undefined
