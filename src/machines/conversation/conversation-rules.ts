import { type ConversationContext, isSame } from "./conversation-context.ts"
import type { ConversationEvent } from "./conversation-types.ts"

interface Args {
  readonly context: ConversationContext
  readonly event: ConversationEvent
}

/** What is left of a time that began at a moment in the past, as far as the last event tells. */
const remaining = ({ nowMs }: ConversationContext, sinceMs: number | undefined, wholeMs: number): number =>
  Math.max(0, wholeMs - (nowMs - (sinceMs ?? nowMs)))

/** How long after Jett's pause a trace of its voice may still be heard. */
const ECHO_TAIL_MS = 300

/** No question takes so long. */
const ASKING_MS = 30_000

const probeHasNoWords = ({ probe }: ConversationContext): boolean =>
  probe?.verdict === "nothing" ||
  probe?.verdict === "wake-only" ||
  probe?.verdict === "not-for-us" ||
  probe?.failed === true

/** Guards of the conversation machine. Total functions over facts that events have recorded. */
export const conversationGuards = {
  isMuted: ({ context }: Args) => context.muted,
  /** Muted, Jett still answers text aloud, but no sound of the user's has an effect. */
  listens: ({ context }: Args) => !context.muted,
  wantsMute: ({ context }: Args) => context.turn?.aftermath === "mute",
  opensFollowUp: ({ context }: Args) => {
    const { followUp } = context.settings
    const turn = context.turn
    if (turn === undefined || turn.source !== "voice" || !turn.clauseReady || turn.failed) return false
    return followUp === "always" || (followUp === "question" && turn.asksQuestion)
  },
  startsInSpeech: ({ context, event }: Args) => !context.muted && "inSpeech" in event && event.inSpeech,
  /** Its own voice is not removed from what Jett hears. */
  hearsItself: ({ context }: Args) => !context.echoCancelled && !context.muted,
  startsOverSpeech: (args: Args) =>
    conversationGuards.hearsItself(args) && conversationGuards.startsInSpeech(args),
  /** The event is about the turn and revision in hand; anything else is late and dropped. */
  isCurrent: ({ context, event }: Args) => "revision" in event && isSame(context.turn, event),
  isProbe: ({ context, event }: Args) => "revision" in event && isSame(context.probe, event),
  isPhrase: ({ context }: Args) => context.turn?.verdict === "phrase",
  isWakeOnly: ({ context }: Args) => context.turn?.verdict === "wake-only" && context.turn.source === "voice",
  isNothing: ({ context }: Args) =>
    context.turn?.verdict === "nothing" || context.turn?.verdict === "not-for-us",
  /** A cough before the command: that is still to come. */
  stillWaits: ({ context }: Args) =>
    context.turn?.verdict === "nothing" &&
    context.turn.source === "voice" &&
    context.turn.waitsSinceMs !== undefined,
  hasClause: ({ context }: Args) => context.turn?.clauseReady === true,
  isWrittenUnspoken: ({ context }: Args) => context.turn?.written === true && !context.turn.clauseReady,
  isSpoken: ({ context }: Args) => context.turn?.written === true && context.turn.drained,
  hasFailed: ({ context }: Args) => context.turn?.failed === true && !context.turn.clauseReady,
  hasProbe: ({ context }: Args) => context.probe !== undefined,
  /**
   * What fell silent together with Jett was most likely its own voice, which the canceller let through: only a fixed
   * phrase counts then. Measured on a busy machine: of some 90 such traces in 20 min of replies one ended later than
   * 200 ms after the pause. A person goes on, and an "okay" in between is no interruption.
   */
  probeEndsWithJett: ({ context: { probe } }: Args) =>
    probe?.pausedAtMs !== undefined &&
    probe.yieldedAtMs !== undefined &&
    probe.pausedAtMs - probe.yieldedAtMs < ECHO_TAIL_MS,
  probeIsWords: (args: Args) => {
    const verdict = args.context.probe?.verdict
    return verdict === "phrase" || (verdict === "words" && !conversationGuards.probeEndsWithJett(args))
  },
  /** The user still speaks: too long for a cough. */
  probeGoesOn: ({ context }: Args) => context.probe !== undefined && context.probe.pausedAtMs === undefined,
  probeIsNothing: (args: Args) =>
    probeHasNoWords(args.context) ||
    (args.context.probe?.verdict === "words" && conversationGuards.probeEndsWithJett(args)),
  hearsWhileSpeaking: ({ context }: Args) => context.echoCancelled && !context.muted,
  hasConsent: ({ context }: Args) => context.consent !== undefined,
  /** The guard asks for something else than before; the same question once more is a duplicate. */
  asksAnew: ({ context, event }: Args) =>
    event.type === "turn.consent" &&
    isSame(context.turn, event) &&
    context.consent?.consentId !== event.consentId,
  isPendingConsent: ({ context, event }: Args) =>
    (event.type === "consent.judged" || event.type === "consent.unheard") &&
    context.consent?.consentId === event.consentId,
  /** The user begins anew over the question, not in the middle of an answer to it. */
  startsInSpeechOverQuestion: (args: Args) =>
    conversationGuards.questionSounds(args) && conversationGuards.startsInSpeech(args),
  listensOverQuestion: (args: Args) =>
    conversationGuards.questionSounds(args) && conversationGuards.listens(args),
  questionSounds: ({ context: { consent } }: Args) =>
    consent !== undefined && consent.questionEndMs === undefined,
  questionWasHeard: ({ context }: Args) => context.consent?.questionEndMs !== undefined,
  answeredAgain: ({ context }: Args) => (context.consent?.next?.toMs ?? 0) > 0,
  answersAgain: ({ context }: Args) => context.consent?.next !== undefined,
  /** Speech so soon after the end that the user had only paused. What was done already must not be done once more. */
  reopens: ({ context, event }: Args) => {
    const turn = context.turn
    if (event.type !== "speech.resumed" && event.type !== "speech.started") return false
    if (turn?.source !== "voice" || turn.pausedAtMs === undefined || turn.acted) return false
    return event.atMs - turn.pausedAtMs <= context.settings.reopenMs
  },
  /** The same of a sound that began while Jett spoke. */
  probeReopens: ({ context }: Args) => {
    const { turn, probe, settings } = context
    if (turn?.source !== "voice" || turn.pausedAtMs === undefined || turn.acted) return false
    if (probe === undefined) return false
    return probe.fromMs + settings.preRollMs - turn.pausedAtMs <= settings.reopenMs
  },
  probeReopensWithWords: (args: Args) =>
    conversationGuards.probeIsWords(args) && conversationGuards.probeReopens(args),
  probeGoesOnReopening: (args: Args) =>
    conversationGuards.probeGoesOn(args) && conversationGuards.probeReopens(args),
  isDegraded: ({ context }: Args) => context.down.length > 0,
  isHealthy: ({ context }: Args) => context.down.length === 0,
}

/** Delays of the conversation machine, in ms of the audio clock. */
export const conversationDelays = {
  waking: ({ context }: Args) => remaining(context, context.turn?.waitsSinceMs, context.settings.wakingMs),
  /** The tail of the wake word is still speech; going on longer than this is a command in the same breath. */
  sameBreath: () => 350,
  /** Of the whole utterance, however often it was taken for finished. */
  utterance: ({ context }: Args) => remaining(context, context.turn?.fromMs, context.settings.maxUtteranceMs),
  silence: ({ context }: Args) => remaining(context, context.turn?.pausedAtMs, context.settings.silenceMs),
  phraseSilence: ({ context }: Args) =>
    remaining(context, context.turn?.pausedAtMs, context.settings.phraseSilenceMs),
  thinking: ({ context }: Args) => context.settings.thinkingMs,
  loading: ({ context }: Args) => context.settings.loadingMs,
  /** Longer than the tools' own deadlines: a database may take a minute to stop. */
  acting: () => 180_000,
  notice: () => 10_000,
  speaking: ({ context }: Args) => context.settings.speakingMs,
  bargeInSpeech: ({ context }: Args) => context.settings.bargeInSpeechMs,
  resume: ({ context }: Args) => context.settings.resumeMs,
  followUpDelay: ({ context }: Args) => context.settings.followUpDelayMs,
  followUp: ({ context }: Args) => context.settings.followUpMs,
  asking: () => ASKING_MS,
  /** Counted from the end of the question, whatever was heard since. */
  consent: ({ context }: Args) =>
    context.consent?.questionEndMs === undefined
      ? ASKING_MS
      : remaining(context, context.consent.questionEndMs, context.consent.expiresInMs),
  answerSilence: ({ context }: Args) => remaining(context, context.consent?.toMs, context.settings.silenceMs),
  judging: () => 10_000,
}
