import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { createMachine, setup } from "xstate"
import { getStateNodes } from "xstate/graph"
import { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import { chartsOf, toJson } from "../../src/machines/diagram.ts"
import { guardedCallMachine } from "../../src/machines/guard/guarded-call.ts"
import { modelMachine } from "../../src/machines/model/model.ts"
import { supervisorMachine } from "../../src/machines/supervision/supervisor.ts"
import { withDiagrams } from "../support/architecture-diagrams.ts"

const machines = [conversationMachine, modelMachine, supervisorMachine, guardedCallMachine]
const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

const kettle = setup({
  types: { events: {} as { type: "on" } | { type: "off" } },
  guards: { hasWater: () => true },
  delays: { boilMs: 1000 },
}).createMachine({
  id: "kettle",
  initial: "off",
  states: {
    off: { on: { on: [{ guard: "hasWater", target: "heating" }, { target: "broken" }] } },
    heating: {
      initial: "cold",
      on: { off: "off" },
      after: { boilMs: "off" },
      states: { cold: { on: { on: "hot" } }, hot: { always: "#kettle.broken" } },
    },
    broken: { type: "final" },
  },
})

describe("the diagram of a machine", () => {
  const [chart] = chartsOf(kettle)

  it("shows the outermost states and the events between them", () => {
    expect(chart?.overview.split("\n")).toEqual([
      "stateDiagram-v2",
      '  state "off" as off',
      '  state "heating" as heating',
      '  state "broken" as broken',
      "  [*] --> off",
      "  off --> heating : on",
      "  off --> broken : on",
      "  heating --> off : off<br/>after boilMs",
      "  heating --> broken",
      "  broken --> [*]",
    ])
  })

  it("shows the inside of a composite state apart, with guards and where it leads", () => {
    expect(chart?.details).toEqual([
      {
        state: "heating",
        diagram: [
          "stateDiagram-v2",
          '  state "cold" as heating_cold',
          '  state "hot" as heating_hot',
          '  state "broken" as broken',
          "  [*] --> heating_cold",
          "  heating_cold --> heating_hot : on",
          "  heating_hot --> broken",
        ].join("\n"),
        everywhere: ["off → off", "after boilMs → off"],
      },
    ])
  })

  it.each(machines)("names every state of $id", (machine) => {
    const drawn = chartsOf(machine)
      .flatMap(({ overview, details }) => [overview, ...details.map(({ diagram }) => diagram)])
      .join("\n")
    const missing = getStateNodes(machine.root)
      .filter(({ type, path }) => type !== "compound" || path.length === 2)
      .map(({ path }) => path.join("_"))
      .filter((id) => !drawn.includes(` as ${id}\n`))
    expect(missing).toEqual([])
  })

  it.each(machines)("exports $id as JSON from which the same chart can be made", (machine) => {
    const copy = createMachine(JSON.parse(toJson(machine)))
    expect(chartsOf(copy)).toEqual(chartsOf(machine))
  })
})

/** Written anew by `npm run diagrams`. */
describe("the generated documents are those of the machines (stale? npm run diagrams)", () => {
  it("ARCHITECTURE.md", async () => {
    const document = readFileSync(pathOf("ARCHITECTURE.md"), "utf8")
    await expect(withDiagrams(document, machines)).toMatchFileSnapshot(pathOf("ARCHITECTURE.md"))
  })

  it.each(machines)("the chart of $id, in docs/machines", async (machine) => {
    await expect(toJson(machine)).toMatchFileSnapshot(pathOf(`docs/machines/${machine.id}.json`))
  })
})
