import { pssMib } from "../../src/cli/process-memory.ts"
import type { Config } from "../../src/config/definition.ts"
import type { TurnLatency, TurnRecord } from "../../src/ports/turn.ts"
import { type Command, commands, newConversation, QUIET_VOICES } from "../corpus/commands.ts"
import type { Recorded } from "../corpus/corpus.ts"
import { type Bar, type Findings, type Measurement, measured } from "../result.ts"
import { answerDelayMs, type Rig, type Spoken, withRig } from "../rig.ts"
import { present, summarise } from "../statistics.ts"
import { type TargetOptions, tooFew } from "../target.ts"

/** A turn that was understood as what it was. */
interface MeasuredTurn {
  readonly totalMs: number
  readonly latency: TurnLatency
  /** Voice activity's end of speech minus the label's; negative where it saw the end too early. */
  readonly voiceActivityLagMs: number
}

const NEEDED = 30
/** Free questions in a row before a new conversation. */
const QUESTIONS_A_CONVERSATION = 5
/** A reply that goes on for longer is cut, as a user might; its beginning is what is measured. */
const CUT_REPLY_AFTER_MS = 4000

/** End of speech to first audible sample at real speed, `count` fixed phrases and `count` free questions. */
export const measureTurns = async (options: TargetOptions, count: number): Promise<Findings> => {
  const { corpus, progress, quick, signal } = options
  const config = forMeasuring(options.config)
  const take = (kind: Command["kind"]) =>
    commands.filter((one) => one.kind === kind && QUIET_VOICES.some((voice) => voice === one.voice))
  const warmUps = quick ? 1 : 3
  const recordings = (kind: Command["kind"]) =>
    corpus.recordings(`${kind}s`, take(kind).slice(0, count + warmUps), signal)
  const phrases = await recordings("phrase")
  const questions = await recordings("question")
  const [afresh] = await corpus.recordings("commands", [newConversation], signal)

  return withRig({ config, pace: "realtime" }, signal, async (rig) => {
    const run = async (kind: Command["kind"], recorded: readonly Recorded<Command>[]) => {
      const spoken: Spoken[] = []
      for (const [index, { recording }] of recorded.entries()) {
        signal.throwIfAborted()
        progress.step(`voice: ${kind}s at real speed:`, index, recorded.length)
        if (kind === "question" && index % QUESTIONS_A_CONVERSATION === 0 && afresh !== undefined)
          await rig.speak(afresh.recording)
        spoken.push(await rig.speak(recording, { cutReplyAfterMs: CUT_REPLY_AFTER_MS }))
      }
      progress.step(`voice: ${kind}s at real speed:`, recorded.length, recorded.length)
      return spoken.slice(warmUps)
    }
    const spokenPhrases = await run("phrase", phrases)
    const spokenQuestions = await run("question", questions)
    const memory = memoryOf(rig)
    const phraseTurns = understoodAs("phrase", spokenPhrases)
    const questionTurns = understoodAs("llm", spokenQuestions)
    const all = [...phraseTurns, ...questionTurns]
    return {
      measurements: [
        ...rowsOf("fixed phrase", phraseTurns),
        ...rowsOf("free question", questionTurns),
        row("runtime's own share, all turns", runtimeOf(all)),
      ],
      bars: [
        ...latencyBars("fixed phrase", phraseTurns, 550, 800),
        ...latencyBars("free question, embedded model", questionTurns, 900, 1200),
        {
          what: "runtime's own share (neither silence nor model), p95",
          found: summarise(runtimeOf(all)).p95,
          limit: 15,
          sense: "at most",
          unit: "ms",
          indicative: tooFew(all.length, NEEDED),
        },
      ],
      notes: [
        `fixed phrases: ${phraseTurns.length} of ${spokenPhrases.length} understood and answered as such; ${misses(spokenPhrases)}`,
        `free questions: ${questionTurns.length} of ${spokenQuestions.length} answered by the language model; ${misses(spokenQuestions)}`,
        "total: from the labelled last voiced sample; the other parts as each turn recorded them, and they overlap: speech is transcribed and the answer begun while the silence is still being waited out",
        "the speaker is a sound card that plays in real time and adds no latency of its own: add your device's",
        memory,
      ],
    }
  })
}

/** Without the chime, which at the end of a short sentence would be taken for the answer. */
const forMeasuring = (config: Config): Config => ({
  ...config,
  llm: { ...config.llm, provider: config.llm.provider === "auto" ? "embedded" : config.llm.provider },
  conversation: { ...config.conversation, acknowledge: "none" },
})

/** The turn that answered, where the words were understood as what they were. */
const answered = (spoken: Spoken): TurnRecord | undefined =>
  spoken.turns.find((turn) => turn.route !== "none" && turn.latency.totalMs !== undefined)

const understoodAs = (route: TurnRecord["route"], spoken: readonly Spoken[]): readonly MeasuredTurn[] =>
  spoken.flatMap((one) => {
    const turn = answered(one)
    const totalMs = answerDelayMs(one)
    if (turn?.route !== route || totalMs === undefined || turn.speech === undefined) return []
    const labelledEndMs = one.startMs + one.labelledMs
    return [{ totalMs, latency: turn.latency, voiceActivityLagMs: turn.speech.endMs - labelledEndMs }]
  })

/** Why the others do not count. */
const misses = (spoken: readonly Spoken[]): string => {
  const unheard = spoken.filter(({ turns }) => turns.length === 0).length
  const silent = spoken.filter((one) => one.turns.length > 0 && answered(one) === undefined).length
  return `${unheard} not woken by, ${silent} not answered`
}

const runtimeOf = (turns: readonly MeasuredTurn[]): readonly number[] =>
  present(turns.map(({ latency }) => latency.runtimeMs))

const rowsOf = (kind: string, turns: readonly MeasuredTurn[]): readonly Measurement[] => {
  const part = (name: string, pick: (turn: MeasuredTurn) => number | undefined) =>
    row(`${kind}: ${name}`, present(turns.map(pick)))
  return [
    part("end of speech → audible", ({ totalMs }) => totalMs),
    part("as Jett itself records it", ({ latency }) => latency.totalMs),
    part(
      "end of speech as voice activity sees it, against the label",
      ({ voiceActivityLagMs }) => voiceActivityLagMs,
    ),
    part("endpoint wait", ({ latency }) => latency.endpointMs),
    part("speech to text", ({ latency }) => latency.sttMs),
    part("first token", ({ latency }) => latency.firstTokenMs),
    part("first clause", ({ latency }) => latency.firstClauseMs),
    part("synthesis of it", ({ latency }) => latency.ttsMs),
    part("output", ({ latency }) => latency.outputMs),
    part("runtime's own share", ({ latency }) => latency.runtimeMs),
  ].filter(({ count }) => count > 0)
}

const row = (what: string, values: readonly number[]): Measurement => measured(what, "ms", values)

const latencyBars = (
  what: string,
  turns: readonly MeasuredTurn[],
  p50: number,
  p95: number,
): readonly Bar[] => {
  const found = summarise(turns.map(({ totalMs }) => totalMs))
  const shared = { sense: "at most", unit: "ms", indicative: tooFew(turns.length, NEEDED) } as const
  return [
    { what: `end of speech → audible, ${what}, p50`, found: found.p50, limit: p50, ...shared },
    { what: `end of speech → audible, ${what}, p95`, found: found.p95, limit: p95, ...shared },
  ]
}

/** Proportional set sizes. The main process is this benchmark with its recordings: see `process` for the real one. */
const memoryOf = ({ system }: Rig): string => {
  const hosts = (["listener", "stt", "tts", "llm"] as const).map((id) => {
    const pid = system.models.pid(id)
    return `${id} ${pid === undefined ? "away" : (pssMib(pid)?.toFixed(0) ?? "?")}`
  })
  return `PSS after the last turn, MiB: ${hosts.join(", ")}, this process ${pssMib(process.pid)?.toFixed(0) ?? "?"} (the benchmark's own recordings included)`
}
