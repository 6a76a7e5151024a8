/** An answer that begins sooner belongs to something else, or is our own question coming back. */
const AFTER_QUESTION_MS = 300

/**
 * When an answer began, from its own times on the audio clock. Times that make no sense count as too early: then the
 * question is asked again.
 */
export function timingOf(
  { audioStartMs, questionEndMs }: { readonly audioStartMs: number; readonly questionEndMs: number },
  withinMs: number,
): "in-time" | "too-early" | "too-late" {
  const afterMs = audioStartMs - questionEndMs
  if (!Number.isFinite(afterMs) || questionEndMs <= 0 || afterMs < AFTER_QUESTION_MS) return "too-early"
  return afterMs > withinMs ? "too-late" : "in-time"
}
