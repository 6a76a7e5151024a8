import { setTimeout as sleep } from "node:timers/promises"
import type { TurnRecord } from "../../ports/turn.ts"
import type { NamedTurn } from "./latency-table.ts"
import type { Narrator } from "./narrator.ts"
import { type DemoLine, demoLines } from "./scenes.ts"
import type { Stage } from "./stage.ts"

/** Longer than any turn of the demonstration takes, deadlines included. */
const TURN_MS = 60_000
/** Without the wake word nothing happens; this long is waited to show it. */
const NOTHING_MS = 1500
const BETWEEN_SCENES_MS = 400
/** How much of the story is told before it is interrupted. */
const STORY_MS = 1800

/** Plays all scenes in order and gives the turns they made. */
export const playScenes = async (stage: Stage, narrator: Narrator): Promise<readonly NamedTurn[]> => {
  const turns: NamedTurn[] = []
  const scene = async (title: string, play: () => Promise<readonly NamedTurn[]>): Promise<void> => {
    narrator.heading(title)
    turns.push(...(await play()))
    stage.rest()
    await sleep(BETWEEN_SCENES_MS)
  }
  await scene("1. Speech without the wake word", () => ignored(stage, narrator))
  await scene("2. A fixed phrase, understood without any language model", () =>
    asked(stage, narrator, "time", demoLines.time),
  )
  await scene("3. A free question, answered by a tiny embedded model (use Ollama for real answers)", () =>
    asked(stage, narrator, "question", demoLines.question),
  )
  await scene("4. Jett is interrupted in mid-sentence", () => interrupted(stage, narrator))
  await scene("5. The speech-to-text process is killed in mid-turn", () => killed(stage, narrator))
  return turns
}

const ignored = async (stage: Stage, narrator: Narrator): Promise<readonly NamedTurn[]> => {
  const turn = stage.turn(NOTHING_MS + 5000)
  await stage.say(demoLines.noWakeWord)
  await sleep(NOTHING_MS)
  const came = await Promise.race([turn, sleep(1)])
  if (came === undefined) narrator.note("ignored: nobody said the wake word")
  else narrator.unexpected("Jett took this for a turn")
  return []
}

const asked = async (
  stage: Stage,
  narrator: Narrator,
  name: string,
  line: DemoLine,
): Promise<readonly NamedTurn[]> => {
  const ended = stage.turn(TURN_MS)
  await stage.say(line)
  return named(name, tell(narrator, await ended))
}

const interrupted = async (stage: Stage, narrator: Narrator): Promise<readonly NamedTurn[]> => {
  const speaking = stage.entered("speaking")
  const first = stage.turn(TURN_MS)
  await stage.say(demoLines.story)
  await Promise.race([speaking, first])
  await sleep(STORY_MS)
  const line = stage.say(demoLines.bargeIn)
  const story = tell(narrator, await first)
  const ended = stage.turn(TURN_MS)
  await line
  return [...named("story", story), ...named("barge-in", tell(narrator, await ended))]
}

const killed = async (stage: Stage, narrator: Narrator): Promise<readonly NamedTurn[]> => {
  const ended = stage.turn(TURN_MS)
  await stage.say(demoLines.capabilities)
  // Every wait ends with the turn at the latest: the demonstration must not hang on what it shows.
  await Promise.race([stage.entered("transcribing.settling"), ended])
  const pid = stage.pid("stt")
  if (pid !== undefined) {
    const atMs = performance.now()
    const ready = stage.speechToTextReady()
    process.kill(pid, "SIGKILL")
    narrator.note(`killed the speech-to-text process, pid ${pid}, in the middle of its work`)
    await Promise.race([ready, ended])
    const took = Math.round(performance.now() - atMs)
    narrator.note(`speech to text is back after ${took} ms, in process ${stage.pid("stt")}; the turn goes on`)
  }
  return named("killed", tell(narrator, await ended))
}

const tell = (narrator: Narrator, turn: TurnRecord | undefined): TurnRecord | undefined => {
  if (turn === undefined) {
    narrator.unexpected("no turn came of it")
    return undefined
  }
  narrator.says("heard:", turn.transcript === "" ? "(nothing)" : turn.transcript)
  narrator.says("jett:", turn.interrupted ? `${turn.heard} — (interrupted)` : turn.heard)
  if (turn.outcome !== "answered" && turn.outcome !== "interrupted")
    narrator.unexpected(`the turn ended as: ${turn.outcome}`)
  if (turn.route === "llm" && turn.latency.firstTokenMs === undefined)
    narrator.unexpected("the language model was not asked")
  return turn
}

const named = (name: string, turn: TurnRecord | undefined): readonly NamedTurn[] =>
  turn === undefined ? [] : [{ name, turn }]
