import type { CallOrigin } from "../../src/ports/guard.ts"

/** The containers of the table that the oracle below is about. */
export const DECIDED_ENTRIES = [
  { name: "n8n", allow: ["status", "logs", "restart", "stop"], database: false },
  { name: "qdrant", allow: ["status", "logs", "stats", "start", "restart", "stop"], database: false },
  { name: "postgres", allow: ["status", "start", "restart", "stop"], database: true },
  { name: "portainer", allow: [], database: false },
] as const

export const NAMES = [
  ...["n8n", "qdrant", "postgres", "portainer"],
  ...[
    "",
    "N8N",
    "n8n ",
    " n8n",
    "n8n\n",
    "n8n2",
    "n8",
    "/n8n",
    "n8n/../portainer",
    "n8n/exec#",
    "n8n?t=-1",
    "*",
    "..",
  ],
  ...["ｎ8n", "n8n\u200b", "n8n\0", "Qdrant", "qdrant\u202e", "postgre", "postgresql", "portainer2"],
  ...["constructor", "__proto__", "toString", "hasOwnProperty", "length", "0", "undefined", "null"],
]
export const ACTIONS = [
  ...["status", "logs", "stats", "start", "restart", "stop"],
  ...[
    "",
    "RESTART",
    "restart ",
    "restart;rm",
    "kill",
    "exec",
    "rm",
    "remove",
    "update",
    "pause",
    "attach",
    "export",
    "*",
  ],
  ...["constructor", "__proto__", "toString", "includes", "length", "0", "undefined"],
]
const BOTH = [false, true] as const
export const ORIGINS: readonly CallOrigin[] = ["phrase", "model", "command-line"]

export interface Situation {
  readonly tainted: boolean
  readonly confident: boolean
  readonly consentPending: boolean
  readonly locked: boolean
  readonly pinSet: boolean
}
export const SITUATIONS: readonly Situation[] = BOTH.flatMap((tainted) =>
  BOTH.flatMap((confident) =>
    BOTH.flatMap((consentPending) =>
      BOTH.flatMap((locked) =>
        BOTH.map((pinSet) => ({ tainted, confident, consentPending, locked, pinSet })),
      ),
    ),
  ),
)

/** What each pair costs, written out: `r` is free to read, `w` wants a word, `P` the PIN, `-` is not in its row. */
const COSTS: readonly (readonly [name: string, costs: string])[] = [
  //             status logs stats start restart stop
  ["n8n", "r      r    -     -     w       P"],
  ["qdrant", "r      r    r     w     w       P"],
  ["postgres", "r      -    -     P     P       P"],
  ["portainer", "-      -    -     -     -       -"],
]

export const costOf = (name: string, action: string): string => {
  const row = COSTS.find(([known]) => known === name)?.[1].split(/ +/) ?? []
  return row[["status", "logs", "stats", "start", "restart", "stop"].indexOf(action)] ?? "-"
}

type Cell = "yes" | "no" | "*"

/** Taint changes nothing here: reading is never asked about, and every change always is. First fit counts. */
export const VERDICTS: readonly (readonly [
  cost: string,
  sure: Cell,
  asking: Cell,
  locked: Cell,
  pin: Cell,
  verdict: string,
])[] = [
  // cost  sure  asking locked pin    verdict
  ["-", "*", "*", "*", "*", "not permitted"],
  ["r", "*", "*", "*", "*", "allow"],
  ["w", "no", "*", "*", "*", "deny not-confident"],
  ["w", "*", "yes", "*", "*", "deny consent-pending"],
  ["w", "*", "*", "yes", "*", "deny locked"],
  ["w", "*", "*", "*", "*", "confirm word"],
  ["P", "no", "*", "*", "*", "deny not-confident"],
  ["P", "*", "yes", "*", "*", "deny consent-pending"],
  ["P", "*", "*", "yes", "*", "deny locked"],
  ["P", "*", "*", "*", "no", "deny pin-not-set"],
  ["P", "*", "*", "*", "*", "confirm pin"],
]

const fits = (cell: Cell, fact: boolean): boolean => cell === "*" || (cell === "yes") === fact

export const expectedVerdict = (cost: string, situation: Situation): string | undefined =>
  VERDICTS.find(
    ([of, sure, asking, locked, pin]) =>
      of === cost &&
      fits(sure, situation.confident) &&
      fits(asking, situation.consentPending) &&
      fits(locked, situation.locked) &&
      fits(pin, situation.pinSet),
  )?.[5]
