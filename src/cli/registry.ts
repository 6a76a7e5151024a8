import type { CommandModule } from "./command.ts"

/** One verb of the command line. Its file is loaded only when it runs, which keeps `jett --version` quick. */
export interface CommandDefinition {
  /** `models pull`: a verb and a verb of its own. */
  readonly name: string
  readonly summary: string
  /** Commander's notation: `<file>` is required, `[text...]` takes the rest. */
  readonly arguments?: readonly (readonly [notation: string, doc: string])[]
  readonly options?: readonly (readonly [flags: string, doc: string])[]
  /** How long it may take to stop after Ctrl-C before the process ends all the same. */
  readonly graceMs?: number
  load(): Promise<CommandModule>
}

const text = [["<text...>", "the words"]] as const
const auditFolder = ["--folder <path>", "a log, or a copy of one, in this folder"] as const
const timing = ["--realtime", "feed the file at the speed of sound"] as const

/** Every verb, in the order of `jett --help`. */
export const commands: readonly CommandDefinition[] = [
  {
    name: "demo",
    summary: "play a conversation from recordings through the whole assistant",
    options: [["--out <folder>", "where the recording goes (default: demo-out)"]],
    graceMs: 10_000,
    load: () => import("./demo.ts"),
  },
  {
    name: "setup",
    summary: "choose microphone and speaker, test them, write the configuration",
    options: [
      ["-y, --yes", "ask nothing: take what the flags say, else what is there"],
      ["--non-interactive", "the same as --yes"],
      ["--input <name>", "the microphone, as `jett devices` prints it"],
      ["--output <name>", "the speaker, as `jett devices` prints it"],
      ["--backend <name>", "auto, pulse, naudiodon or null"],
      ["--echo <mode>", "auto, cancelled or half-duplex, instead of measuring it"],
      ["--threshold <score>", "the wake word's threshold, instead of testing it"],
      ["--ollama-url <url>", "where Ollama listens"],
      ["--ollama-model <name>", "the model to ask of Ollama"],
      ["--skip-devices", "leave microphone and speaker as they are"],
      ["--skip-level", "do not test the microphone's level"],
      ["--skip-wake", "do not test the wake word"],
      ["--skip-echo", "do not measure the echo"],
      ["--skip-ollama", "do not look for Ollama"],
      ["--dry-run", "print the configuration instead of writing it"],
    ],
    load: () => import("./setup.ts"),
  },
  {
    name: "serve",
    summary: "listen for the wake word until stopped (the same as npm start)",
    options: [["--audio <backend>", "auto, pulse, naudiodon or null, instead of the configured one"]],
    graceMs: 10_000,
    load: () => import("./serve.ts"),
  },
  {
    name: "listen",
    summary: "run the assistant on a WAV file instead of the microphone",
    options: [
      ["--wav <file>", "what the microphone hears"],
      ["--out <file>", "write what is spoken to this WAV file"],
      timing,
    ],
    graceMs: 10_000,
    load: () => import("./listen.ts"),
  },
  { name: "status", summary: "say what the assistant is doing", load: () => import("./status.ts") },
  { name: "say", summary: "speak a text", arguments: text, graceMs: 10_000, load: () => import("./say.ts") },
  {
    name: "ask",
    summary: "ask in writing; the answer is printed as it is written",
    arguments: text,
    graceMs: 10_000,
    load: () => import("./ask.ts"),
  },
  { name: "ptt", summary: "push to talk: listen now, without the wake word", load: () => import("./ptt.ts") },
  { name: "mute", summary: "stop listening", load: () => import("./mute.ts") },
  { name: "unmute", summary: "listen again", load: () => import("./unmute.ts") },
  { name: "cancel", summary: "end what is going on", load: () => import("./cancel.ts") },
  {
    name: "transcribe",
    summary: "print what is said in a WAV file",
    arguments: [["<file>", "a WAV file"]],
    graceMs: 10_000,
    load: () => import("./transcribe.ts"),
  },
  {
    name: "models ls",
    summary: "list the models and whether they are installed",
    load: () => import("./models.ts"),
  },
  {
    name: "models pull",
    summary: "fetch models, the default ones where none is named",
    arguments: [["[ids...]", "model ids"]],
    options: [
      ["--all", "every model of the list"],
      ["--accept-licence", "accept licences that forbid commercial use"],
      ["--offline", "open no socket"],
    ],
    load: () => import("./models.ts"),
  },
  {
    name: "models verify",
    summary: "check the hashes of the installed models",
    arguments: [["[ids...]", "model ids"]],
    load: () => import("./models.ts"),
  },
  {
    name: "models budget",
    summary: "print which models fit in memory together, and what would give way",
    options: [["--profile <name>", "auto, prototype, lean or cpu, instead of the configured one"]],
    load: () => import("./models-budget.ts"),
  },
  { name: "devices", summary: "list microphones and speakers", load: () => import("./devices.ts") },
  {
    name: "tools ls",
    summary: "list the containers that Jett may act on, and what each action takes",
    load: () => import("./tools.ts"),
  },
  {
    name: "tools explain",
    summary: "say why an action on a container is allowed or refused",
    arguments: [
      ["<container>", "its name, as the table has it"],
      ["<action>", "status, logs, stats, start, restart or stop"],
    ],
    load: () => import("./tools.ts"),
  },
  {
    name: "tools call",
    summary: "call a tool through the guard; a confirmation is typed",
    arguments: [
      ["<name>", "the tool"],
      ["[arguments]", 'a JSON object: {"container":"n8n"}'],
    ],
    graceMs: 10_000,
    load: () => import("./tools-call.ts"),
  },
  {
    name: "tools hear",
    summary: "speak a container's name, transcribe it, and propose aliases",
    arguments: [["<container>", "its name, as the engine has it"]],
    options: [["--count <n>", "how often it is spoken in each sentence (default: 3)"]],
    graceMs: 10_000,
    load: () => import("./tools-hear.ts"),
  },
  {
    name: "config path",
    summary: "print where the configuration is read from",
    load: () => import("./config.ts"),
  },
  {
    name: "config show",
    summary: "print every setting",
    options: [["--origin", "and where each comes from"]],
    load: () => import("./config.ts"),
  },
  { name: "config check", summary: "check the configuration", load: () => import("./config.ts") },
  { name: "config schema", summary: "print its JSON Schema", load: () => import("./config.ts") },
  { name: "config reference", summary: "print every setting as Markdown", load: () => import("./config.ts") },
  {
    name: "audit tail",
    summary: "print the last rows of the audit log",
    options: [["-n, --rows <n>", "how many (default: 20)"], auditFolder],
    load: () => import("./audit.ts"),
  },
  {
    name: "audit show",
    summary: "print one row of the audit log with all that is kept of it",
    arguments: [["<row>", "its number"]],
    options: [auditFolder],
    load: () => import("./audit.ts"),
  },
  {
    name: "audit export",
    summary: "print the whole audit log, or what is to be kept elsewhere",
    options: [
      ["--format <name>", "jsonl (default) or json"],
      ["--checkpoint", "the newest signed checkpoint instead"],
      ["--key", "the key that checkpoints are checked with instead"],
      auditFolder,
    ],
    load: () => import("./audit.ts"),
  },
  {
    name: "audit verify",
    summary: "check the audit log: exit code 0 valid, 10 broken, 11 truncated, 12 cannot be verified",
    options: [
      ["--checkpoint <file>", "and that it goes on from this checkpoint"],
      ["--key <key>", "and that this key signed it"],
      auditFolder,
    ],
    load: () => import("./audit.ts"),
  },
  {
    name: "confirm",
    summary: "give the PIN that an operation waits for",
    options: [
      ["--deny", "refuse the operation instead"],
      ["--stdin", "read the PIN from standard input, one line: for scripts"],
    ],
    load: () => import("./confirm.ts"),
  },
  {
    name: "pin set",
    summary: "set the PIN that the dangerous actions need",
    options: [["--stdin", "read it from standard input, one line: for scripts"]],
    load: () => import("./pin.ts"),
  },
  { name: "pin clear", summary: "forget the PIN", load: () => import("./pin.ts") },
  {
    name: "doctor",
    summary: "check that everything Jett needs is there",
    options: [
      ["--only <ids>", "these checks only, separated by commas"],
      ["--level", "listen to the microphone for two seconds too"],
    ],
    load: () => import("./doctor.ts"),
  },
  {
    name: "gpu status",
    summary: "say what of the GPU speech path is there, and what would help",
    load: () => import("./gpu.ts"),
  },
  {
    name: "gpu install",
    summary: "fetch the libraries that let speech run on an NVIDIA GPU",
    options: [["-y, --yes", "agree to the download"]],
    load: () => import("./gpu.ts"),
  },
  {
    name: "bench",
    summary: "measure latencies on this machine",
    arguments: [
      [
        "[what...]",
        "voice, wake, stt, tts, llm, process, residency, recovery, growth, chaos, audit, guard, attacks, guard-crash, challenge-words or barge-in; all where none is named",
      ],
    ],
    options: [
      ["--count <n>", "how many of each to measure"],
      ["--quick", "a few of each: shows that it works, and proves nothing"],
      ["--write", "keep the results and write benchmarks/RESULTS.md"],
      ["--out <file>", "write the JSON to this file"],
    ],
    graceMs: 10_000,
    load: () => import("./bench.ts"),
  },
  {
    name: "ps",
    summary: "list the processes and the models of the assistant, with their memory",
    load: () => import("./ps.ts"),
  },
  {
    name: "stop",
    summary: "end the assistant that is running",
    load: () => import("./stop.ts"),
  },
]
