import { CHALLENGE_WORDS } from "../../src/security/confirmation/challenge-words.ts"
import { ANSWER_VOICES, challengeAnswers } from "./challenge-answers.ts"
import { commands, firstWordCommands, nearMisses, newConversation } from "./commands.ts"
import type { Corpus } from "./corpus.ts"
import { interruptions } from "./interruptions.ts"
import { OTHER_RECORDINGS, otherSpeech } from "./other-speech.ts"
import { pausedSentences } from "./paused-sentences.ts"

/** Makes every recording that a full run of all benchmarks needs and that is not there yet. */
export const makeWholeCorpus = async (corpus: Corpus, signal: AbortSignal): Promise<void> => {
  await corpus.recordings("commands", [...commands, newConversation], signal)
  await corpus.recordings("sentences with a pause", pausedSentences, signal)
  await corpus.recordings("commands in one breath", firstWordCommands, signal)
  await corpus.recordings("interruptions", interruptions, signal)
  const challengeWords = CHALLENGE_WORDS.map(({ word }) => word)
  await corpus.recordings("challenge words", challengeAnswers(challengeWords, ANSWER_VOICES), signal)
  await corpus.recordings("other names", nearMisses, signal)
  await corpus.recordings("other speech", otherSpeech(OTHER_RECORDINGS), signal)
}
