/**
 * A small grammar for what a person says to a machine, compiled to a matcher of whole utterances.
 *
 * - `what time is it`: these words
 * - `[please]`: may be there
 * - `(louder | turn it up)`: one of these
 * - `<name>`: a slot, filled by one word or more; which words it takes is said by its `SlotMatcher`
 */
export interface Phrase<Intent extends string> {
  readonly intent: Intent
  readonly patterns: readonly string[]
}

/** How many of the words at the start of `words` can fill the slot, in order of preference; empty: none. */
export type SlotMatcher = (words: readonly string[]) => readonly number[]
export type SlotMatchers = Readonly<Record<string, SlotMatcher>>

export interface GrammarMatch<Intent extends string> {
  readonly intent: Intent
  readonly slots: Readonly<Record<string, string>>
}

type Node =
  | { readonly type: "word"; readonly word: string }
  | { readonly type: "slot"; readonly name: string }
  | { readonly type: "sequence"; readonly nodes: readonly Node[] }
  | { readonly type: "choice"; readonly nodes: readonly Node[] }

/** A position in the utterance and what the slots hold so far. */
interface State {
  readonly at: number
  readonly slots: Readonly<Record<string, string>>
}

/** Patterns compiled once; matching is linear in the words for any sensible pattern. */
export class PhraseGrammar<Intent extends string> {
  readonly #phrases: readonly { readonly intent: Intent; readonly pattern: Node }[]

  /** Throws an Error that names the pattern and the place when one is malformed. */
  constructor(phrases: readonly Phrase<Intent>[]) {
    this.#phrases = phrases.flatMap(({ intent, patterns }) =>
      patterns.map((source) => ({ intent, pattern: parsePattern(source) })),
    )
  }

  /** The first phrase that is exactly these words. */
  match(words: readonly string[], slots: SlotMatchers): GrammarMatch<Intent> | undefined {
    for (const { intent, pattern } of this.#phrases) {
      const whole = advance(pattern, { at: 0, slots: {} }, { words, slots, onEnd: () => {} }).find(
        (state) => state.at === words.length,
      )
      if (whole !== undefined) return { intent, slots: whole.slots }
    }
    return undefined
  }

  /** The intents of the phrases that begin with these words and go on after them. */
  continuations(words: readonly string[], slots: SlotMatchers): ReadonlySet<Intent> {
    const intents = new Set<Intent>()
    for (const { intent, pattern } of this.#phrases) {
      advance(pattern, { at: 0, slots: {} }, { words, slots, onEnd: () => intents.add(intent) })
    }
    return intents
  }
}

interface Utterance {
  readonly words: readonly string[]
  readonly slots: SlotMatchers
  /** The pattern wanted another word where the utterance had none. */
  onEnd(): void
}

/** Every state that the node can lead to from `state`. */
function advance(node: Node, state: State, utterance: Utterance): readonly State[] {
  switch (node.type) {
    case "word":
      if (state.at === utterance.words.length) utterance.onEnd()
      return utterance.words[state.at] === node.word ? [{ ...state, at: state.at + 1 }] : []
    case "slot":
      return fill(node.name, state, utterance)
    case "choice":
      return node.nodes.flatMap((choice) => advance(choice, state, utterance))
    case "sequence":
      return node.nodes.reduce<readonly State[]>(
        (states, next) => states.flatMap((reached) => advance(next, reached, utterance)),
        [state],
      )
  }
}

function fill(name: string, state: State, utterance: Utterance): readonly State[] {
  if (state.at === utterance.words.length) utterance.onEnd()
  const rest = utterance.words.slice(state.at)
  const lengths = utterance.slots[name]?.(rest) ?? []
  return lengths.map((length) => ({
    at: state.at + length,
    slots: { ...state.slots, [name]: rest.slice(0, length).join(" ") },
  }))
}

const EMPTY: Node = { type: "sequence", nodes: [] }

function parsePattern(source: string): Node {
  const tokens = source.match(/[a-z0-9']+|<[a-z]+>|[[\]()|]|\S/g) ?? []
  let at = 0
  const fail = (expected: string): never => {
    throw new Error(`phrase pattern "${source}": found ${tokens[at] ?? "its end"}, expected ${expected}`)
  }

  function parseChoice(end: string | undefined): Node {
    const nodes = [parseSequence()]
    while (tokens[at] === "|") {
      at++
      nodes.push(parseSequence())
    }
    if (tokens[at] !== end) fail(end === undefined ? "a word" : `"${end}"`)
    at++
    return nodes.length === 1 ? (nodes[0] ?? EMPTY) : { type: "choice", nodes }
  }

  function parseSequence(): Node {
    const nodes: Node[] = []
    for (let token = tokens[at]; token !== undefined && !/^[\])|]$/.test(token); token = tokens[at]) {
      at++
      if (token === "(") nodes.push(parseChoice(")"))
      else if (token === "[") nodes.push({ type: "choice", nodes: [parseChoice("]"), EMPTY] })
      else if (token.startsWith("<") && token.length > 2)
        nodes.push({ type: "slot", name: token.slice(1, -1) })
      else if (/^[a-z0-9']+$/.test(token)) nodes.push({ type: "word", word: token })
      else {
        at--
        fail("a lower-case word, a <slot>, a group or an option")
      }
    }
    return nodes.length === 1 ? (nodes[0] ?? EMPTY) : { type: "sequence", nodes }
  }

  return parseChoice(undefined)
}
