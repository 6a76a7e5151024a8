import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { HostId } from "../../src/actors/models/model-branch.ts"
import { Bag } from "./bag.ts"
import { FAULTS, type Fault, Mischief } from "./mischief.ts"
import type { Blow, Striker } from "./striker.ts"

export const STRUCK_HOSTS = ["listener", "stt", "tts", "llm"] as const satisfies readonly HostId[]

/** How often each comes in a bag: what takes seconds, or rests for 30 s afterwards, comes less often. */
const OFTEN: Readonly<Record<Fault, number>> = {
  kill: 3,
  "exit-0": 3,
  garbage: 3,
  "huge-message": 3,
  stop: 2,
  "slow-start": 2,
  "out-of-memory": 1,
}

/** Strikes the hosts that run. */
export class HostStriker implements Striker {
  readonly #random: () => number
  readonly #mischief: Mischief
  readonly #bag: Bag<Fault>

  constructor(random: () => number) {
    this.#random = random
    this.#mischief = new Mischief(random)
    this.#bag = new Bag(
      FAULTS.flatMap((fault) => Array<Fault>(OFTEN[fault]).fill(fault)),
      random,
    )
  }

  strike({ models }: AssistantSystem): Blow | undefined {
    const running = STRUCK_HOSTS.flatMap((host) => {
      const pid = models.pid(host)
      return pid === undefined ? [] : [{ host, pid }]
    })
    const target = running[Math.floor(this.#random() * running.length)]
    const fault = this.#bag.next()
    if (target === undefined || fault === undefined) return undefined
    return this.#mischief.strike(fault, target.pid) ? { ...target, fault } : undefined
  }

  isWriting(): boolean {
    return false
  }

  settled(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#mischief.close()
    return Promise.resolve()
  }
}
