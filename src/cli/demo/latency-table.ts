import type { TurnRecord } from "../../ports/turn.ts"
import { table } from "../output.ts"

export interface NamedTurn {
  readonly name: string
  readonly turn: TurnRecord
}

/** One row a turn, one column a part of its latency. Parts overlap: work begins in the silence that ends the turn. */
export const latencyTable = (turns: readonly NamedTurn[]): string =>
  table([
    [
      "turn",
      "route",
      "silence",
      "speech to text",
      "first token",
      "first clause",
      "voice",
      "output",
      "Jett itself",
      "total",
    ],
    ...turns.map(({ name, turn: { route, latency } }) => [
      name,
      route,
      ms(latency.endpointMs),
      ms(latency.sttMs),
      ms(latency.firstTokenMs),
      ms(latency.firstClauseMs),
      ms(latency.ttsMs),
      ms(latency.outputMs),
      ms(latency.runtimeMs),
      ms(latency.totalMs),
    ]),
  ])

const ms = (value: number | undefined): string => (value === undefined ? "-" : String(Math.round(value)))
