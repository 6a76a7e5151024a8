import type { Config } from "../../config/definition.ts"
import type { HealthEvent, Part } from "../../machines/conversation/conversation-types.ts"
import type { ModelReport } from "./model-life.ts"

/** Which parts of the assistant are away, as its models' reports tell. */
export class PartHealth {
  readonly #config: Config
  readonly #tell: (event: HealthEvent) => void
  readonly #down = new Set<Part>()

  /** `tell` hears of every part that fails or is ready. */
  constructor(config: Config, tell: (event: HealthEvent) => void) {
    this.#config = config
    this.#tell = tell
  }

  get down(): ReadonlySet<Part> {
    return this.#down
  }

  /** The part that a model of our own is; undefined for one that no part depends on. */
  partOf(model: string): Part | undefined {
    const { stt, llm } = this.#config
    if (model === "listener") return "mic"
    if (model === stt.model) return "stt"
    if (model === llm.embeddedModel) return "llm"
    return model.startsWith("tts-") ? "tts" : undefined
  }

  note(part: Part, { state }: ModelReport): void {
    if (state === "failed") {
      this.#down.add(part)
      this.#tell({ type: "part.down", part })
    }
    if (state === "ready") {
      this.#down.delete(part)
      this.#tell({ type: "part.up", part })
    }
  }
}
