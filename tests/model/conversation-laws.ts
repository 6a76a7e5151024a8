import type {
  ConversationCommand,
  ConversationEvent,
  TurnKey,
} from "../../src/machines/conversation/conversation-types.ts"

/** What the laws of a conversation need to remember of what was said so far. Plain data, so that it can be compared. */
export interface LawBook {
  /** The open turn; never two. */
  readonly open: string | undefined
  /** Highest revision of it that was committed, and highest that was silenced for good; -1 before the first. */
  readonly committed: number
  readonly silenced: number
  /** Whose speech may be heard now. */
  readonly speaker: TurnKey | undefined
  readonly paused: boolean
  /** The user of the open turn was told that they are heard. */
  readonly acknowledged: boolean
  /** Consents that were asked for and neither judged nor dropped yet. */
  readonly consents: readonly string[]
  /** Laws that were broken, in words. */
  readonly broken: readonly string[]
}

export const emptyBook: LawBook = {
  open: undefined,
  committed: -1,
  silenced: -1,
  speaker: undefined,
  paused: false,
  acknowledged: false,
  consents: [],
  broken: [],
}

const same = (a: TurnKey | undefined, b: TurnKey): boolean =>
  a !== undefined && a.turnId === b.turnId && a.revision === b.revision

const without = (ids: readonly string[], id: string): readonly string[] => ids.filter((one) => one !== id)

/** Writes down an event that the machine is about to get. */
export const afterEvent = (book: LawBook, event: ConversationEvent): LawBook => {
  switch (event.type) {
    case "turn.consent":
      return { ...book, consents: [...without(book.consents, event.consentId), event.consentId] }
    case "consent.judged":
      return { ...book, consents: without(book.consents, event.consentId) }
    default:
      return book
  }
}

/** Writes down a command of the machine, and every law that it breaks. */
export const afterCommand = (book: LawBook, command: ConversationCommand): LawBook => {
  const broken = lawsBrokenBy(book, command)
  return { ...next(book, command), broken: [...book.broken, ...broken] }
}

const next = (book: LawBook, command: ConversationCommand): LawBook => {
  switch (command.type) {
    case "turn.opened":
      return { ...book, open: command.turnId, committed: -1, silenced: -1, acknowledged: false }
    case "turn.committed":
      return { ...book, committed: command.revision }
    case "speech.open":
      return { ...book, speaker: { turnId: command.turnId, revision: command.revision }, paused: false }
    case "speech.drop": {
      const silenced =
        book.open === command.turnId ? Math.max(book.silenced, command.revision) : book.silenced
      return same(book.speaker, command)
        ? { ...book, silenced, speaker: undefined, paused: false }
        : { ...book, silenced }
    }
    case "playback.pause":
      return { ...book, paused: true }
    case "playback.resume":
      return { ...book, paused: false }
    case "turn.closed": {
      const silent = book.speaker?.turnId === command.turnId ? { speaker: undefined, paused: false } : {}
      return { ...book, ...silent, open: undefined, committed: -1, silenced: -1, acknowledged: false }
    }
    case "consent.dropped":
      return { ...book, consents: without(book.consents, command.consentId) }
    case "acknowledge":
      return { ...book, acknowledged: true }
    case "probe.dropped":
    case "models.wanted":
    case "question.cut":
      return book
  }
}

const lawsBrokenBy = (book: LawBook, command: ConversationCommand): string[] => {
  const { open, committed, silenced, speaker, paused, acknowledged } = book
  const about = JSON.stringify(command)
  const check = (holds: boolean, law: string): string[] => (holds ? [] : [`${law}: ${about}`])
  switch (command.type) {
    case "turn.opened":
      return check(open === undefined, `at most one turn is open (now ${open})`)
    case "turn.closed":
      return check(open === command.turnId, `a turn is closed once, after it was opened (open: ${open})`)
    case "turn.committed":
      return [
        ...check(open === command.turnId, "only the open turn is committed"),
        ...check(command.revision > committed, `a revision is committed once (last ${committed})`),
      ]
    case "speech.open":
      return [
        ...check(open === command.turnId, "only the open turn speaks"),
        ...check(command.revision === committed, `only the committed revision speaks (it is ${committed})`),
        ...check(command.revision > silenced, `what was dropped stays silent (up to ${silenced})`),
        ...check(
          speaker === undefined || same(speaker, command),
          `the speaker has one owner (now ${JSON.stringify(speaker)})`,
        ),
      ]
    case "playback.pause":
      return [
        ...check(same(speaker, command), "only who speaks is paused"),
        ...check(!paused, "playback is paused once"),
      ]
    case "playback.resume":
      return [
        ...check(same(speaker, command), "only who speaks goes on"),
        ...check(paused, "playback goes on only after a pause"),
      ]
    case "acknowledge":
      return [
        ...check(open === command.turnId, "only the open turn asks for anything"),
        ...check(!acknowledged, "a user is told once that they are heard"),
      ]
    case "models.wanted":
      return check(open === command.turnId, "only the open turn asks for anything")
    case "probe.dropped":
      return check(open !== command.turnId, "a sound that is forgotten was no turn")
    case "question.cut":
      return [
        ...check(same(speaker, command), "only who speaks is cut short"),
        ...check(!paused, "nothing is cut short that waits"),
      ]
    case "speech.drop":
    case "consent.dropped":
      return []
  }
}
