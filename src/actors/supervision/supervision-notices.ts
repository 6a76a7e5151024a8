import { describeExit } from "../../machines/supervision/supervision-end.ts"
import type { SupervisorReport } from "../../machines/supervision/supervision-types.ts"
import type { Clock } from "../../ports/clock.ts"

/** A child that goes on failing is news once in this time. */
const AGAIN_MS = 600_000

/** What those outside of the code call a child of the voice's supervisor. */
const VOICE: Readonly<Record<string, string>> = {
  audio: "The sound devices were opened anew",
  conversation: "The voice was started anew",
}

/**
 * What of all that the supervisors report a user should know, as one line: who is given up, and that the voice began
 * anew. A host that dies and comes back is none of it; `jett ps` counts those.
 */
export const supervisionNotices = (options: {
  readonly onNotice: (message: string) => void
  /** Monotonic. */
  readonly clock: Clock
}): ((report: SupervisorReport) => void) => {
  const { onNotice, clock } = options
  const toldAtMs = new Map<string, number>()
  return (report) => {
    const message = noticeOf(report)
    if (message === undefined) return
    const key = `${report.supervisor}/${report.child}/${report.context}`
    const before = toldAtMs.get(key)
    if (before !== undefined && clock.now() - before < AGAIN_MS) return
    toldAtMs.set(key, clock.now())
    onNotice(message)
  }
}

const noticeOf = ({ supervisor, child, context, reason }: SupervisorReport): string | undefined => {
  const why = reason === undefined ? "" : `: ${describeExit(reason)}`
  if (context === "breaker-open") {
    return `"${child}" ended again and again${why}. It rests for a while, and is started when it is needed; see: jett ps.`
  }
  const isCrash = context === "child-terminated" && reason?.type !== "normal" && reason?.type !== "shutdown"
  const what = supervisor === "voice" ? VOICE[child] : undefined
  return isCrash && what !== undefined ? `${what}${why}.` : undefined
}
