import { formatSize, type PullEvent } from "../models/pull.ts"

export interface ProgressOutput {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

const BAR_CELLS = 24
const REDRAW_MS = 100

/**
 * Shows a pull on `output`: on a terminal a bar that is redrawn, otherwise one line a file and nothing in between.
 * `now` is the monotonic clock in milliseconds.
 */
export const makePullProgress = (
  output: ProgressOutput,
  now: () => number = () => performance.now(),
): ((event: PullEvent) => void) => {
  const isTty = output.isTTY === true
  let drawnAt = Number.NEGATIVE_INFINITY
  let barShown = false
  const line = (text: string) => {
    if (barShown) output.write("\r\x1b[2K")
    barShown = false
    output.write(`${text}\n`)
  }
  const bar = (text: string) => {
    output.write(`\r\x1b[2K${text.slice(0, Math.max(20, (output.columns || 80) - 1))}`)
    barShown = true
    drawnAt = now()
  }
  return (event) => {
    switch (event.type) {
      case "planned":
        return line(
          `Fetching ${event.files} file${event.files === 1 ? "" : "s"}, ${formatSize(event.bytes)} ` +
            `(at most ${formatSize(event.networkBytes)} over the network), to ${event.directory}`,
        )
      case "source-started":
        if (isTty) bar(`  ${event.file} from ${event.source}`)
        return
      case "progress":
        if (isTty && now() - drawnAt >= REDRAW_MS) bar(barText(event))
        return
      case "source-failed":
        return line(
          event.unreachable
            ? `  ${event.source} was not reached (${event.message}); trying the next source for all its files`
            : `  ${event.file}: ${event.source} did not give it: ${event.message}`,
        )
      case "installed":
        return line(`  ${event.file}  ${formatSize(event.bytes)}  verified, from ${event.source}`)
    }
  }
}

const barText = (event: Extract<PullEvent, { type: "progress" }>): string => {
  const share = Math.min(1, event.receivedBytes / event.totalBytes)
  const full = Math.round(share * BAR_CELLS)
  const cells = "█".repeat(full) + "░".repeat(BAR_CELLS - full)
  const counts = `${formatSize(event.receivedBytes)} of ${formatSize(event.totalBytes)}`
  return `  ${cells} ${String(Math.round(share * 100)).padStart(3)} %  ${counts}  ${event.file}`
}
