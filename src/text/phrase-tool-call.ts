/** A tool call that a phrase stands for; the ids of turn and call are the caller's. */
export interface PhraseToolCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, string | number>>
}
