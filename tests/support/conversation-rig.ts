import { createActor, type EventObject, fromCallback, SimulatedClock } from "xstate"
import { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import type {
  AnswerInput,
  ConsentInput,
  ConversationCommand,
  ConversationEvent,
  ConversationSettings,
} from "../../src/machines/conversation/conversation-types.ts"
import { defaultConversationSettings } from "../../src/machines/conversation/conversation-types.ts"

/**
 * The conversation machine on a simulated clock, with actors that only record what was asked of them:
 * the test plays the effects' part by sending events.
 */
export const conversationRig = (
  options: { settings?: Partial<ConversationSettings>; echoCancelled?: boolean } = {},
) => {
  const clock = new SimulatedClock()
  const commands: ConversationCommand[] = []
  const answering: AnswerInput[] = []
  const running = new Set<string>()
  const judged: ConsentInput[] = []
  const actor = createActor(
    conversationMachine.provide({
      actors: {
        answerTurn: fromCallback<EventObject, AnswerInput>(({ input }) => {
          const key = `${input.turnId}/${input.revision}`
          answering.push(input)
          running.add(key)
          return () => running.delete(key)
        }),
        judgeConsent: fromCallback<EventObject, ConsentInput>(({ input }) => {
          judged.push(input)
        }),
      },
    }),
    {
      clock,
      input: {
        settings: { ...defaultConversationSettings, ...options.settings },
        echoCancelled: options.echoCancelled ?? true,
      },
    },
  )
  for (const type of [
    "turn.opened",
    "models.wanted",
    "acknowledge",
    "turn.committed",
    "speech.open",
    "speech.drop",
    "playback.pause",
    "playback.resume",
    "turn.closed",
    "probe.dropped",
    "consent.dropped",
    "question.cut",
  ] as const) {
    actor.on(type, (command) => commands.push(command))
  }
  actor.start()
  const path = (value: unknown): string => {
    if (typeof value === "string") return value
    const [[key, inner] = ["", ""]] = Object.entries(value ?? {})
    return `${key}.${path(inner)}`
  }
  return {
    actor,
    clock,
    commands,
    answering,
    running,
    judged,
    /** The dialogue's state, dotted: "transcribing.settling.waiting". */
    state: () => path(actor.getSnapshot().value.dialogue),
    send: (...events: ConversationEvent[]) => {
      for (const event of events) actor.send(event)
    },
    told: (type: ConversationCommand["type"]) => commands.filter((command) => command.type === type),
    outcomes: () => commands.flatMap((command) => (command.type === "turn.closed" ? [command.outcome] : [])),
  }
}

let ids = 0
const nextId = () => `t${++ids}`

/** Events as the hearing sends them; the machine's clock and the audio clock agree in the rig. */
export const wake = (nowMs: number, turnId = nextId(), inSpeech = false): ConversationEvent => ({
  type: "wake.detected",
  turnId,
  score: 0.9,
  inSpeech,
  atMs: nowMs,
  nowMs,
})
export const started = (atMs: number, turnId = nextId()): ConversationEvent => ({
  type: "speech.started",
  turnId,
  atMs,
  nowMs: atMs + 96,
})
export const paused = (atMs: number): ConversationEvent => ({ type: "speech.paused", atMs, nowMs: atMs + 64 })
export const resumed = (atMs: number, turnId = nextId()): ConversationEvent => ({
  type: "speech.resumed",
  turnId,
  atMs,
  nowMs: atMs + 64,
})
