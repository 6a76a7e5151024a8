import type { TurnRecord } from "../ports/turn.ts"

const rounded = (ms: number | undefined): number | null =>
  ms === undefined ? null : Math.round(ms * 10) / 10

/** A turn as `jett listen --json` prints it; what did not happen is null. Times are audio time, durations ms. */
export const turnLine = (turn: TurnRecord) => {
  const { latency, wake, speech } = turn
  return {
    event: "turn",
    id: turn.id,
    revision: turn.revision,
    wake: wake === undefined ? null : { score: Math.round(wake.score * 1000) / 1000, atMs: wake.atMs },
    speech: speech === undefined ? null : speech,
    transcript: turn.transcript,
    route: turn.route,
    reply: turn.reply,
    heard: turn.heard,
    replyAudioMs: turn.replyAudioMs,
    latency: {
      endpointMs: rounded(latency.endpointMs),
      sttMs: rounded(latency.sttMs),
      firstTokenMs: rounded(latency.firstTokenMs),
      firstClauseMs: rounded(latency.firstClauseMs),
      ttsMs: rounded(latency.ttsMs),
      outputMs: rounded(latency.outputMs),
      runtimeMs: rounded(latency.runtimeMs),
      totalMs: rounded(latency.totalMs),
    },
    interrupted: turn.interrupted,
    outcome: turn.outcome,
  }
}
