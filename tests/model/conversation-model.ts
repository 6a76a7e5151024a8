import {
  type ActorLogic,
  type AnyStateMachine,
  getNextTransitions,
  initialTransition,
  transition,
} from "xstate"
import { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import type { Turn } from "../../src/machines/conversation/conversation-context.ts"
import {
  type ConversationCommand,
  type ConversationEvent,
  defaultConversationSettings,
  type TurnKey,
} from "../../src/machines/conversation/conversation-types.ts"
import { alphabet, type ConversationSnapshot } from "./conversation-alphabet.ts"
import { afterCommand, afterEvent, emptyBook, type LawBook } from "./conversation-laws.ts"

/** One of the machine's own timers going off. */
interface TimerEvent {
  readonly type: `xstate.after.${string}`
}
export type ModelEvent = ConversationEvent | TimerEvent

/** The machine's state together with the laws' book on how it came there. */
export interface ModelState {
  readonly status: "active"
  readonly output: undefined
  readonly error: undefined
  readonly machine: ConversationSnapshot
  readonly book: LawBook
}

/** Typed loosely, because the machine's own events do not name its timers. */
const machine: AnyStateMachine = conversationMachine

export const isTimer = (event: ModelEvent): event is TimerEvent => event.type.startsWith("xstate.after.")

/** The dialogue's state, dotted: "transcribing.settling.waiting". */
export const dialogueOf = (snapshot: ConversationSnapshot): string => dotted(snapshot.value.dialogue)

const dotted = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${dotted(inner)}`)
    .join("|")
}

export const isAtRest = (snapshot: ConversationSnapshot): boolean =>
  ["listening", "muted"].includes(dialogueOf(snapshot))

/** Laws about a state, whatever led to it. */
export const lawsBrokenIn = (snapshot: ConversationSnapshot, book: LawBook): readonly string[] => {
  const { turn, probe, consent, muted } = snapshot.context
  const dialogue = dialogueOf(snapshot)
  const idle = isAtRest(snapshot) || dialogue.startsWith("followUp")
  const children = Object.keys(snapshot.children)
  const expected = [
    ...(turn?.answering ? [`answer:${turn.turnId}:${turn.revision}`] : []),
    ...(probe?.answering ? [`answer:${probe.turnId}:${probe.revision}`] : []),
    ...(dialogue === "confirming.judging" && consent !== undefined ? [`judge:${consent.consentId}`] : []),
  ]
  const check = (holds: boolean, law: string): string[] => (holds ? [] : [`${law} (in ${dialogue})`])
  return [
    ...check(idle === (turn === undefined), "there is a turn exactly while the conversation is busy"),
    ...check(book.open === turn?.turnId, `what is open is the turn in hand (open: ${book.open})`),
    ...check(
      book.acknowledged === (turn?.acknowledged ?? false),
      "who was told that they are heard is known",
    ),
    ...check(
      probe === undefined || dialogue.startsWith("speaking.yielding") || dialogue === "followUp.quiet",
      "a probe lives only while Jett yields or its question still rings",
    ),
    ...check(
      book.paused === dialogue.startsWith("speaking.yielding"),
      "playback pauses exactly while Jett yields",
    ),
    ...check(
      book.speaker === undefined ||
        dialogue.startsWith("speaking") ||
        dialogue.startsWith("confirming") ||
        dialogue.startsWith("thinking"),
      "somebody owns the speaker only while Jett speaks or asks",
    ),
    ...check(
      JSON.stringify([...children].sort()) === JSON.stringify([...expected].sort()),
      `the actors that run are those of the turn in hand (${children.join(", ") || "none"})`,
    ),
    ...check(
      book.consents.every((id) => id === consent?.consentId),
      `every consent is pending, judged or dropped (${book.consents.join(", ")})`,
    ),
    ...check(dialogue !== "listening" || !muted, "a muted conversation does not listen"),
    ...check(
      !muted || turn === undefined || turn.source === "text" || turn.source === "notice",
      "a muted conversation hears nothing",
    ),
  ]
}

/** One event, its commands entered in the book in their order. */
const step = (state: ModelState, event: ModelEvent): ModelState => {
  const told = isTimer(event) ? state.book : afterEvent(state.book, event)
  const [next, actions] = transition(machine, state.machine, event)
  const commands = actions.flatMap(commandOf)
  const book = commands.reduce(afterCommand, told)
  const broken = [
    ...book.broken,
    ...lawsBrokenIn(next, book),
    ...goesOnSounding(state.machine, next, commands),
  ]
  return stateOf(next, { ...book, broken })
}

/** A question that is over before it was heard is silenced, by itself or with all that its turn says. */
const goesOnSounding = (
  before: ConversationSnapshot,
  after: ConversationSnapshot,
  commands: readonly ConversationCommand[],
): readonly string[] => {
  const { consent } = before.context
  if (consent === undefined || consent.questionEndMs !== undefined) return []
  if (!dialogueOf(before).startsWith("confirming")) return []
  if (after.context.consent?.consentId === consent.consentId) return []
  const isSilenced = commands.some(
    (command) =>
      command.type === "speech.drop" ||
      (command.type === "question.cut" && command.consentId === consent.consentId),
  )
  return isSilenced ? [] : [`a question that is over does not go on (in ${dialogueOf(before)})`]
}

const stateOf = (snapshot: ConversationSnapshot, book: LawBook): ModelState => ({
  status: "active",
  output: undefined,
  error: undefined,
  machine: snapshot,
  book,
})

const commandOf = (action: { readonly type: string; readonly params: unknown }): ConversationCommand[] => {
  const { params } = action
  if (action.type !== "xstate.emit" || typeof params !== "object" || params === null) return []
  return "event" in params && isCommand(params.event) ? [params.event] : []
}

const isCommand = (value: unknown): value is ConversationCommand =>
  typeof value === "object" && value !== null && "type" in value

/** The machine and the book as one actor logic, for `xstate/graph`; the effects' part is played by events. */
export const conversationModel = (echoCancelled: boolean): ActorLogic<ModelState, ModelEvent, undefined> => ({
  transition: step,
  getInitialSnapshot: () => {
    const [initial] = initialTransition(machine, { settings: defaultConversationSettings, echoCancelled })
    return stateOf(initial, emptyBook)
  },
  getPersistedSnapshot: (state) => state,
})

/** Everything that can happen in a state: what others send, and each timer that runs. */
export const modelEvents = ({ machine: snapshot }: ModelState): readonly ModelEvent[] => [
  ...alphabet(snapshot, freshNames(snapshot)),
  ...timersOf(snapshot),
]

const timersOf = (snapshot: ConversationSnapshot): readonly TimerEvent[] => {
  const types = getNextTransitions(snapshot).map(({ eventType }) => eventType)
  return [...new Set(types)].flatMap((type) => (isTimerType(type) ? [{ type }] : []))
}

const isTimerType = (type: string): type is TimerEvent["type"] => type.startsWith("xstate.after.")

/** Two names are never in use, so that as many states as possible are the same. */
const freshNames = ({ context: { turn, probe, consent } }: ConversationSnapshot) => ({
  turnId: ["t1", "t2", "t3"].find((id) => id !== turn?.turnId && id !== probe?.turnId) ?? "t4",
  consentId: consent?.consentId === "c1" ? "c2" : "c1",
})

/** A state without its names: two states that differ only in names or times have the same future. */
export const canonical = (state: ModelState): string => {
  const known = canonicals.get(state)
  if (known !== undefined) return known
  const made = describe(state)
  canonicals.set(state, made)
  return made
}

const canonicals = new WeakMap<ModelState, string>()

const describe = ({ machine: snapshot, book }: ModelState): string => {
  const { turn, probe, consent, muted, echoCancelled } = snapshot.context
  const relative = (revision: number): string =>
    turn === undefined || revision < 0 ? "none" : String(Math.max(-1, revision - turn.revision))
  return JSON.stringify({
    dialogue: snapshot.value.dialogue,
    turn: facts(turn),
    probe: facts(probe),
    consent: consent && {
      heard: consent.questionEndMs !== undefined,
      next: consent.next && consent.next.toMs > 0,
    },
    muted,
    echoCancelled,
    children: Object.keys(snapshot.children).length,
    open: book.open === turn?.turnId,
    committed: relative(book.committed),
    silenced: relative(book.silenced),
    speaker: speakerOf(book.speaker, turn),
    paused: book.paused,
    consents: book.consents.map((id) => id === consent?.consentId),
    broken: book.broken,
  })
}

/**
 * What no guard will read again is left out: a phrase only settles when to commit, a wake word alone and a question
 * only matter where the words were spoken.
 */
const facts = (turn: Turn | undefined) => {
  if (turn === undefined) return undefined
  const { source, pausedAtMs, verdict, committed, answering, clauseReady, written, drained, failed } = turn
  const spoken = source === "voice"
  const waits = spoken && turn.waitsSinceMs !== undefined
  // Whether there were no words or none for Jett only matters to one who waits for a command.
  const heard = verdict === "not-for-us" && !waits ? "nothing" : verdict
  return {
    spoken,
    paused: spoken && pausedAtMs !== undefined,
    waits,
    verdict: committed && (heard === "phrase" || !spoken) && heard !== "nothing" ? "words" : heard,
    committed,
    answering,
    clauseReady,
    written,
    drained,
    failed,
    asksQuestion: spoken && turn.asksQuestion,
    aftermath: turn.aftermath,
  }
}

const speakerOf = (speaker: TurnKey | undefined, turn: Turn | undefined): string => {
  if (speaker === undefined) return "nobody"
  if (speaker.turnId !== turn?.turnId) return "somebody else"
  return speaker.revision === turn.revision ? "the turn" : "a revision before"
}
