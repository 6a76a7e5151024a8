import type { ConversationCommand } from "../../machines/conversation/conversation-types.ts"
import type { Commitments } from "../turn/commitments.ts"
import type { TurnLedger } from "../turn/turn-ledger.ts"
import type { SpeechOutput } from "./speech-output.ts"
import type { Timebase } from "./timebase.ts"

export interface CommandTargets {
  readonly output: SpeechOutput
  readonly ledger: TurnLedger
  readonly commitments: Commitments
  readonly timebase: Timebase
  readonly prepareModels: (turnId: string) => void
  readonly acknowledge: () => void
  readonly dropConsent: (consentId: string) => void
}

/** Carries out what the conversation machine commands. Each command goes to the one owner of what it is about. */
export const obey =
  (targets: CommandTargets) =>
  (command: ConversationCommand): void => {
    const { output, ledger, commitments, timebase } = targets
    switch (command.type) {
      case "turn.opened":
        ledger.open(command.turnId, command.source)
        return
      case "models.wanted":
        targets.prepareModels(command.turnId)
        return
      case "acknowledge":
        targets.acknowledge()
        return
      case "turn.committed":
        ledger.mark(command, { committed: timebase.now() })
        commitments.commit(command)
        return
      case "speech.open":
        output.open(command)
        return
      case "speech.drop":
        output.drop(command)
        return
      case "playback.pause":
        output.pause()
        return
      case "playback.resume":
        output.resume()
        return
      case "question.cut":
        output.cut(command, command.consentId)
        return
      case "consent.dropped":
        targets.dropConsent(command.consentId)
        return
      case "probe.dropped":
        commitments.forget(command.turnId)
        output.close(command)
        ledger.forget(command.turnId)
        return
      case "turn.closed":
        commitments.forget(command.turnId)
        ledger.close(command, command.outcome, output.close(command))
        return
    }
  }
