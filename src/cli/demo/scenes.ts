/** One line that somebody says in the demonstration; the recordings are kept in `demo/`. */
export interface DemoLine {
  readonly file: string
  readonly words: string
}

export const demoLines = {
  noWakeWord: { file: "1-no-wake-word.wav", words: "I think it might rain this afternoon." },
  time: { file: "2-what-time.wav", words: "Hey Jarvis, what time is it?" },
  question: { file: "3-question.wav", words: "Hey Jarvis, what is the capital of France?" },
  story: { file: "4-story.wav", words: "Hey Jarvis, tell me a story about the sea." },
  bargeIn: { file: "5-barge-in.wav", words: "What day is it today?" },
  capabilities: { file: "6-capabilities.wav", words: "Hey Jarvis, what can you do?" },
} as const satisfies Readonly<Record<string, DemoLine>>
