import { assertEvent } from "xstate"
import { conversationBase as base } from "./conversation-base.ts"
import { consentActions } from "./conversation-consent.ts"
import { type ConversationContext, nextRevision, type Turn } from "./conversation-context.ts"
import { openingActions } from "./conversation-opening.ts"
import type { AnswerInput, ConversationEvent, TurnOutcome } from "./conversation-types.ts"

type Slot = "turn" | "probe"

const answerId = (turn: Turn): string => `answer:${turn.turnId}:${turn.revision}`
const put = (slot: Slot, turn: Turn | undefined): Partial<ConversationContext> =>
  slot === "turn" ? { turn } : { probe: turn }

/** Starts an `answerTurn` actor on a turn, unless one already works on this revision. */
const startAnswer = (slot: Slot) =>
  base.enqueueActions(({ context, enqueue }) => {
    const turn = context[slot]
    if (turn === undefined || turn.answering) return
    const { turnId, revision, source, fromMs, notice } = turn
    const toMs = turn.pausedAtMs ?? fromMs + context.settings.maxUtteranceMs
    const input: AnswerInput = { turnId, revision, source, fromMs, toMs, notice }
    enqueue.assign(put(slot, { ...turn, answering: true }))
    enqueue.spawnChild("answerTurn", { id: answerId(turn), input })
  })

const stopAnswer = (slot: Slot) =>
  base.enqueueActions(({ context, enqueue }) => {
    const turn = context[slot]
    if (turn?.answering) enqueue.stopChild(answerId(turn))
  })

/** Ends the turn in hand: nothing of it can be heard or acted on afterwards. */
const closeTurn = (outcomeOf: TurnOutcome | ((turn: Turn) => TurnOutcome)) =>
  base.enqueueActions(({ context, enqueue }) => {
    const { turn, consent } = context
    if (turn === undefined) return
    const outcome = typeof outcomeOf === "function" ? outcomeOf(turn) : outcomeOf
    if (turn.answering) enqueue.stopChild(answerId(turn))
    if (consent !== undefined) enqueue.emit({ type: "consent.dropped", consentId: consent.consentId })
    enqueue.emit({ type: "turn.closed", turnId: turn.turnId, revision: turn.revision, outcome })
    enqueue.assign({ turn: undefined, consent: undefined })
  })

/** Tells the effects something about the turn in hand. */
const tell = (type: "speech.open" | "speech.drop" | "playback.pause" | "playback.resume") =>
  base.enqueueActions(({ context, enqueue }) => {
    if (context.turn === undefined) return
    const { turnId, revision } = context.turn
    enqueue.emit({ type, turnId, revision })
  })

/** Records a fact that an event brings about a turn. */
const record = (slot: Slot, fact: (turn: Turn, event: ConversationEvent) => Partial<Turn>) =>
  base.assign(({ context, event }) => {
    const turn = context[slot]
    return turn === undefined ? {} : put(slot, { ...turn, ...fact(turn, event) })
  })

/** Once there were words nobody waits for them any more. */
const verdictOf = (turn: Turn, event: ConversationEvent): Partial<Turn> => {
  assertEvent(event, "turn.understood")
  const { verdict } = event
  const isWords = verdict === "words" || verdict === "phrase"
  return { verdict, waitsSinceMs: isWords ? undefined : turn.waitsSinceMs }
}

const writtenBy = (_turn: Turn, event: ConversationEvent): Partial<Turn> => {
  assertEvent(event, "turn.written")
  return { written: true, asksQuestion: event.asksQuestion, aftermath: event.aftermath }
}

const pausedAt = (_turn: Turn, event: ConversationEvent): Partial<Turn> => {
  assertEvent(event, "speech.paused")
  return { pausedAtMs: event.atMs }
}

const revise = (slot: Slot) =>
  base.assign(({ context }) => {
    const turn = context[slot]
    return turn === undefined ? {} : put(slot, nextRevision(turn))
  })

const withPart = (away: boolean) =>
  base.assign(({ context, event }) => {
    assertEvent(event, ["part.down", "part.up"])
    const others = context.down.filter((part) => part !== event.part)
    return { down: away ? [...others, event.part] : others }
  })

/** The conversation's vocabulary: everything the chart may do, by name. */
export const conversationSetup = base.extend({
  actions: {
    noteTime: base.assign(({ context, event }) =>
      "nowMs" in event ? { nowMs: event.nowMs } : { nowMs: context.nowMs },
    ),

    ...openingActions,
    /** Once, and only to a user who waits: in the middle of a command it would be heard as part of it. */
    acknowledge: base.enqueueActions(({ context: { turn }, enqueue }) => {
      if (turn === undefined || turn.acknowledged) return
      enqueue.assign({ turn: { ...turn, acknowledged: true } })
      enqueue.emit({ type: "acknowledge", turnId: turn.turnId })
    }),
    /** The user has said the wake word, and nothing else yet: from now on they have all the time that there is. */
    waitAnew: base.assign(({ context: { turn, nowMs } }) =>
      turn === undefined ? {} : { turn: { ...turn, waitsSinceMs: nowMs } },
    ),
    /** A silence has been waited out, of which no event tells. */
    noteSilence: base.assign(({ context: { turn, nowMs, settings } }) => ({
      nowMs: Math.max(nowMs, (turn?.pausedAtMs ?? nowMs) + settings.silenceMs),
    })),

    /**
     * The command starts after a pause: its sound begins there, with the pre-roll, not at the wake word. But where the
     * pre-roll reaches back into the wake phrase all of that is taken: a whole "Hey Jarvis" is known and cut off, of half
     * of one an "S." would stay before the command.
     */
    captureFromHere: base.assign(({ context, event }) => {
      assertEvent(event, ["speech.started", "speech.resumed"])
      const { turn, settings } = context
      if (turn === undefined) return {}
      const startMs = event.atMs - settings.preRollMs
      const reachesBack = turn.wokenAtMs !== undefined && startMs < turn.wokenAtMs
      return { turn: { ...turn, fromMs: reachesBack ? turn.fromMs : Math.max(turn.fromMs, startMs) } }
    }),
    /** So far there was only the wake word: the command's sound begins after it. */
    captureAfterPause: record("turn", (turn) => ({ fromMs: turn.pausedAtMs ?? turn.fromMs })),
    markPause: record("turn", pausedAt),
    markProbePause: record("probe", pausedAt),

    answer: startAnswer("turn"),
    stopAnswer: stopAnswer("turn"),
    answerProbe: startAnswer("probe"),
    stopProbe: stopAnswer("probe"),
    revise: revise("turn"),
    reviseProbe: revise("probe"),
    /** The next revision of the turn ends where the probe does: its words belong to it. */
    reviseToProbe: base.assign(({ context: { turn, probe } }) =>
      turn === undefined ? {} : { turn: { ...nextRevision(turn), pausedAtMs: probe?.pausedAtMs } },
    ),
    becomeNotice: base.assign(({ context }) =>
      context.turn === undefined
        ? {}
        : {
            turn: {
              ...nextRevision(context.turn),
              source: "notice",
              notice: context.turn.failed ? "failed" : "timed-out",
            },
          },
    ),

    recordVerdict: record("turn", verdictOf),
    recordProbeVerdict: record("probe", verdictOf),
    /** What was heard to its end before is not the end any more: a question that was answered early, for one. */
    recordClause: record("turn", () => ({ clauseReady: true, drained: false })),
    recordProbeClause: record("probe", () => ({ clauseReady: true, drained: false })),
    recordWritten: record("turn", writtenBy),
    recordProbeWritten: record("probe", writtenBy),
    recordDrained: record("turn", () => ({ drained: true })),
    recordActed: record("turn", () => ({ acted: true })),
    /** What is already queued is still spoken; nothing more will come. */
    recordFailure: record("turn", () => ({ failed: true, written: true })),
    recordProbeFailure: record("probe", () => ({ failed: true, written: true })),

    /** Once a revision: thinking is entered again after a confirmation. */
    commit: base.enqueueActions(({ context, enqueue }) => {
      const { turn } = context
      if (turn === undefined || turn.committed) return
      enqueue.assign({ turn: { ...turn, committed: true } })
      enqueue.emit({ type: "turn.committed", turnId: turn.turnId, revision: turn.revision })
    }),
    openSpeech: tell("speech.open"),
    dropSpeech: tell("speech.drop"),
    pausePlayback: tell("playback.pause"),
    resumePlayback: tell("playback.resume"),

    /** The interrupted turn is over and the interruption is the turn now. */
    promoteProbe: base.enqueueActions(({ context, enqueue }) => {
      const { probe } = context
      if (probe === undefined) return
      enqueue.assign({ turn: probe, probe: undefined })
      enqueue.emit({ type: "turn.opened", turnId: probe.turnId, source: "voice" })
      enqueue.emit({ type: "models.wanted", turnId: probe.turnId })
    }),
    dropProbe: base.enqueueActions(({ context, enqueue }) => {
      const { probe } = context
      if (probe === undefined) return
      const { turnId, revision } = probe
      if (probe.answering) enqueue.stopChild(answerId(probe))
      enqueue.emit({ type: "probe.dropped", turnId, revision })
      enqueue.assign({ probe: undefined })
    }),

    /** An apology that was spoken, or an answer that broke off, is still no answer. */
    closeSpoken: closeTurn(({ failed, notice }) => notice ?? (failed ? "failed" : "answered")),
    closeNothingHeard: closeTurn("nothing-heard"),
    closeNoSpeech: closeTurn("no-speech"),
    closeInterrupted: closeTurn("interrupted"),
    closeCancelled: closeTurn("cancelled"),
    closeTimedOut: closeTurn("timed-out"),
    closeFailed: closeTurn("failed"),

    ...consentActions,

    setMuted: base.assign({ muted: true }),
    setUnmuted: base.assign({ muted: false }),
    recordDown: withPart(true),
    recordUp: withPart(false),
    recordEcho: base.assign(({ event }) => {
      assertEvent(event, "echo.changed")
      return { echoCancelled: event.cancelled }
    }),
  },
})
