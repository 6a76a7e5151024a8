import { beforeEach } from "vitest"
import type {
  Confirmation,
  ConfirmationDesk,
  ConfirmationRequest,
  ConsentAnswer,
} from "../../src/ports/consent.ts"
import { makeConfirmationDesk } from "../../src/security/confirmation.ts"
import { seededRandom } from "./seeded-random.ts"

export const LOCK_MS = 300_000
export const QUESTION_END_MS = 5000

export const request: ConfirmationRequest = {
  origin: "phrase",
  operationKey: "restart_container n8n",
  spoken: "restart n eight n",
  hash: "a1",
}
export const typedRequest: ConfirmationRequest = { ...request, origin: "command-line" }

export const makeDesk = (seed = 1): ConfirmationDesk => {
  const random = seededRandom(seed)
  let count = 0
  return makeConfirmationDesk({
    random: (below) => Math.floor(random() * below),
    newId: () => `consent-${++count}`,
    lockMs: LOCK_MS,
  })
}

type Spoken = Extract<ConsentAnswer, { readonly type: "spoken" }>

/** A clear answer, half a second after the question. */
export const spoken = (consentId: string, transcript: string, changes: Partial<Spoken> = {}): Spoken => ({
  type: "spoken",
  consentId,
  transcript,
  confidence: 0.95,
  questionEndMs: QUESTION_END_MS,
  audioStartMs: QUESTION_END_MS + 500,
  echoSuspect: false,
  ...changes,
})

/** A desk of its own for each test of the file. */
export const confirmationRig = () => {
  const rig = {
    desk: makeDesk(),
    /** Opens a question that has to open. */
    open: (nowMs = 0, asked = request): Confirmation => {
      const confirmation = rig.desk.open(asked, nowMs)
      if (confirmation === undefined) throw new Error("the question was not opened")
      return confirmation
    },
    say: (confirmation: Confirmation, transcript: string, nowMs: number, changes: Partial<Spoken> = {}) =>
      rig.desk.judge(spoken(confirmation.consentId, transcript, changes), nowMs),
  }
  beforeEach(() => {
    rig.desk = makeDesk()
  })
  return rig
}
