import {
  type ActorLogic,
  type AnyStateMachine,
  getNextTransitions,
  initialTransition,
  type SnapshotFrom,
  transition,
} from "xstate"
import { defaultGuardTimes } from "../../src/actors/guard/guard-times.ts"
import { guardedCallMachine } from "../../src/machines/guard/guarded-call.ts"
import type { GuardedCallCommand } from "../../src/machines/guard/guarded-call-types.ts"

type Snapshot = SnapshotFrom<typeof guardedCallMachine>

export interface GuardModelEvent {
  readonly type: string
  readonly output?: unknown
  readonly error?: unknown
  readonly judgement?: unknown
}

/** What is known from outside about one call: which rows were acknowledged, and what broke a law. */
interface Book {
  /** The rules, as the last decision said. */
  readonly decision: "allow" | "word" | "pin" | undefined
  readonly askedOnRecord: boolean
  /** A granted answer is on record, for the question that was open. */
  readonly grantOnRecord: boolean
  /** The container was looked at again after the grant. */
  readonly identifiedSince: boolean
  readonly intentOnRecord: boolean
  readonly intentEnded: boolean
  readonly broken: readonly string[]
}

export interface GuardModelState {
  readonly status: "active"
  readonly output: undefined
  readonly error: undefined
  readonly machine: Snapshot
  readonly book: Book
}

const machine: AnyStateMachine = guardedCallMachine

const emptyBook: Book = {
  decision: undefined,
  askedOnRecord: false,
  grantOnRecord: false,
  identifiedSince: false,
  intentOnRecord: false,
  intentEnded: false,
  broken: [],
}

/** Dotted: `consenting.asking`. */
export const placeOf = ({ machine: { value } }: GuardModelState): string => dotted(value)

const dotted = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${dotted(inner)}`)
    .join("|")
}

export const isOver = (state: GuardModelState): boolean => state.machine.status !== "active"

const step = (state: GuardModelState, event: GuardModelEvent): GuardModelState => {
  const [next, actions] = transition(machine, state.machine, event)
  const told = afterEvent(state, event)
  const commands = actions.flatMap(commandOf)
  const place = dotted(next.value)
  const check = (holds: boolean, law: string): string[] => (holds ? [] : [`${law} (in ${place})`])
  const entered = place !== placeOf(state)
  const begins = entered && place === "acting.executing"
  const broken = [
    ...told.broken,
    ...check(!begins || told.intentOnRecord, "nothing is executed before its intent is on record"),
    ...check(
      !begins || told.decision === "allow" || (told.grantOnRecord && told.identifiedSince),
      "what needs consent is executed only after a grant on record, for a container that was looked at again",
    ),
    ...check(!begins || told.decision !== undefined, "nothing is executed that the rules did not hear of"),
    ...check(
      !(entered && place === "consenting.identifying") || told.askedOnRecord,
      "the engine is asked only after a row",
    ),
    ...check(
      !(entered && place === "acting.identifying") || told.intentOnRecord,
      "the engine is asked only after a row",
    ),
    ...check(
      place !== "receipt" || (told.intentOnRecord && told.intentEnded),
      "a receipt stands for an outcome on record",
    ),
    ...check(
      place !== "denied" || next.context.outcome === undefined,
      "what was begun is never told as a denial",
    ),
    ...check(
      (place !== "receipt" && place !== "unrecorded") || next.context.outcome !== undefined,
      "a receipt has an outcome",
    ),
    ...check(
      !placeOf(state).startsWith("consenting") ||
        place.startsWith("consenting") ||
        commands.some(({ type }) => type === "consent.over"),
      "a question that is not open any more is closed",
    ),
  ]
  return stateOf(next, { ...told, broken })
}

const afterEvent = (state: GuardModelState, { type, output }: GuardModelEvent): Book => {
  const { book, machine: before } = state
  switch (type) {
    case "xstate.done.actor.authoriseCall":
      return { ...book, decision: decisionOf(output) }
    case "xstate.done.actor.recordAsked":
      return { ...book, askedOnRecord: true }
    case "xstate.done.actor.recordVerdict":
      return { ...book, grantOnRecord: before.context.judgement?.verdict === "granted" }
    case "xstate.done.actor.identifyTargetAgain":
      return { ...book, identifiedSince: book.grantOnRecord && typeOf(output) === "passed" }
    case "xstate.done.actor.recordIntent":
      return { ...book, intentOnRecord: true }
    case "xstate.done.actor.recordOutcome":
      return { ...book, intentEnded: true }
    default:
      return book
  }
}

const decisionOf = (output: unknown): Book["decision"] => {
  const type = typeOf(output)
  if (type === "allow") return "allow"
  if (type !== "confirm" || typeof output !== "object" || output === null || !("by" in output))
    return undefined
  return output.by === "pin" ? "pin" : "word"
}

const typeOf = (output: unknown): unknown =>
  typeof output === "object" && output !== null && "type" in output ? output.type : undefined

const stateOf = (snapshot: Snapshot, book: Book): GuardModelState => ({
  status: "active",
  output: undefined,
  error: undefined,
  machine: snapshot,
  book,
})

const commandOf = ({
  type,
  params,
}: {
  readonly type: string
  readonly params: unknown
}): GuardedCallCommand[] => {
  if (type !== "xstate.emit" || typeof params !== "object" || params === null || !("event" in params))
    return []
  return isCommand(params.event) ? [params.event] : []
}

const isCommand = (value: unknown): value is GuardedCallCommand =>
  typeof value === "object" && value !== null && "type" in value

/** The machine and the book as one logic for `xstate/graph`; what its actors say is played by events. */
export const guardModel: ActorLogic<GuardModelState, GuardModelEvent, undefined> = {
  transition: step,
  getInitialSnapshot: () => {
    const [initial] = initialTransition(machine, { callId: "c", times: defaultGuardTimes })
    return stateOf(initial, emptyBook)
  },
  getPersistedSnapshot: (state) => state,
}

const outputs: Readonly<Record<string, readonly unknown[]>> = {
  step: [{ type: "passed" }, { type: "refused", code: "malformed" }],
  decision: [
    { type: "allow" },
    { type: "confirm", by: "word" },
    { type: "confirm", by: "pin" },
    { type: "deny", code: "locked" },
  ],
  performed: ["done", "unchanged", "failed", "identity-changed", "unknown"].map((outcome) => ({ outcome })),
  nothing: [undefined],
}

const kinds: Readonly<Record<string, keyof typeof outputs>> = {
  validateCall: "step",
  admitCall: "step",
  takeTurn: "nothing",
  authoriseCall: "decision",
  recordAsked: "nothing",
  identifyTarget: "step",
  identifyTargetAgain: "step",
  askQuestion: "step",
  recordVerdict: "nothing",
  recordIntent: "nothing",
  performOperation: "performed",
  reconcileOperation: "performed",
  recordOutcome: "nothing",
  recordDenial: "nothing",
}

const judgements = [
  { verdict: "granted" },
  { verdict: "ask-again" },
  { verdict: "denied", code: "refused-by-user" },
]

/** Everything that can happen in a state, late and foreign news included. */
export const guardEvents = (state: GuardModelState): readonly GuardModelEvent[] => {
  if (isOver(state)) return []
  const invoked = Object.keys(state.machine.children)
  return [
    { type: "call.cancel" },
    ...judgements.map((judgement) => ({ type: "consent.judged", judgement })),
    ...invoked.flatMap((id) => [
      ...(outputs[kinds[id] ?? "nothing"] ?? []).map((output) => ({
        type: `xstate.done.actor.${id}`,
        output,
      })),
      { type: `xstate.error.actor.${id}`, error: new Error("a bug") },
    ]),
    ...timersOf(state),
  ]
}

const timersOf = ({ machine: snapshot }: GuardModelState): readonly GuardModelEvent[] => [
  ...new Map(
    getNextTransitions(snapshot)
      .filter(({ eventType }) => eventType.startsWith("xstate.after."))
      .map(({ eventType }) => [eventType, { type: eventType }]),
  ).values(),
]

export const canonicalCall = ({ machine: { value, context, children }, book }: GuardModelState): string => {
  const { callId: _, times: __, ...rest } = context
  return JSON.stringify({ value, rest, children: Object.keys(children), book })
}
