import { describe, expect, it } from "vitest"
import { adjacencyMapToArray, getAdjacencyMap, getStateNodes } from "xstate/graph"
import { guardedCallMachine } from "../../src/machines/guard/guarded-call.ts"
import {
  canonicalCall,
  type GuardModelEvent,
  type GuardModelState,
  guardEvents,
  guardModel,
  isOver,
  placeOf,
} from "./guard-model.ts"

interface Node {
  readonly state: GuardModelState
  readonly edges: { readonly event: GuardModelEvent; readonly to: string }[]
}

/** Every state that any sequence of events, answers, faults and timers can reach. */
const explore = (): ReadonlyMap<string, Node> => {
  const map = getAdjacencyMap(guardModel, {
    events: guardEvents,
    serializeState: canonicalCall,
    stopWhen: (state) => state.book.broken.length > 0 || isOver(state),
  })
  const nodes = new Map<string, Node>()
  const node = (state: GuardModelState): Node => {
    const key = canonicalCall(state)
    const made = nodes.get(key) ?? { state, edges: [] }
    nodes.set(key, made)
    return made
  }
  for (const { state, event, nextState } of adjacencyMapToArray(map)) {
    node(state).edges.push({ event, to: canonicalCall(nextState) })
    node(nextState)
  }
  return nodes
}

describe("every path of a guarded call", () => {
  const nodes = explore()
  const all = [...nodes.values()]

  it("keeps the laws: no row, no action; no consent on record, no change; no outcome on record, no receipt", () => {
    expect(all.flatMap(({ state }) => state.book.broken).slice(0, 3)).toEqual([])
  })

  it("reaches every state of the chart", () => {
    const reached = new Set(all.map(({ state }) => placeOf(state)))
    const leaves = getStateNodes(guardedCallMachine.root)
      .filter(({ type, always }) => (type === "atomic" || type === "final") && always === undefined)
      .map(({ path }) => path.join("."))
    expect(leaves.filter((leaf) => !reached.has(leaf))).toEqual([])
    expect(leaves.length).toBeGreaterThan(15)
  })

  it("has a deadline in every state, and time alone ends every call", () => {
    const stuck: string[] = []
    for (const { state } of all) {
      if (isOver(state)) continue
      const seen = new Set<string>()
      let at: string | undefined = canonicalCall(state)
      while (at !== undefined && !seen.has(at)) {
        seen.add(at)
        const here = nodes.get(at)
        if (here === undefined || isOver(here.state)) break
        at = here.edges.find(({ event }) => event.type.startsWith("xstate.after."))?.to
      }
      const end = at === undefined ? undefined : nodes.get(at)?.state
      if (end === undefined || !isOver(end)) stuck.push(placeOf(state))
    }
    expect([...new Set(stuck)]).toEqual([])
  })

  it("ends as a denial when it is cancelled before anything was begun, and never is interrupted after", () => {
    const begun = ["acting.executing", "acting.reconciling"]
    const moved = all.filter(({ state, edges }) => {
      const cancel = edges.find(({ event }) => event.type === "call.cancel")
      return begun.includes(placeOf(state)) && cancel?.to !== canonicalCall(state)
    })
    expect(moved.map(({ state }) => placeOf(state))).toEqual([])
    const ignored = all.filter(({ state, edges }) => {
      const cancel = edges.find(({ event }) => event.type === "call.cancel")
      const isDecided = /^(deciding|consenting)/.test(placeOf(state))
      return isDecided && nodes.get(cancel?.to ?? "")?.state.machine.context.code !== "cancelled"
    })
    expect(ignored.map(({ state }) => placeOf(state))).toEqual([])
  })

  it("takes an answer only while it is asked for", () => {
    const moved = all.filter(({ state, edges }) =>
      edges.some(
        ({ event, to }) =>
          event.type === "consent.judged" &&
          to !== canonicalCall(state) &&
          !["consenting.asking", "consenting.awaitingPin"].includes(placeOf(state)),
      ),
    )
    expect(moved.map(({ state }) => placeOf(state))).toEqual([])
  })

  it("has no defect on any path: the machine itself never breaks", () => {
    expect(all.filter(({ state }) => state.machine.status === "error")).toEqual([])
  })
})
