/** What may stand after the last mark: closing quotes and brackets, Markdown, emoji. */
const AFTER_LAST_MARK = /[^\p{L}\p{N}.!?…:;,]+$/u

/** Whether a reply ends with a question, so that the user is likely to answer at once. */
export function asksQuestion(reply: string): boolean {
  const tail = reply.slice(-200).replace(AFTER_LAST_MARK, "")
  return /\?[?!]{0,5}$/.test(tail)
}
