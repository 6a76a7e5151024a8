import { type AttackCase, named, refusals } from "./attack-case.ts"

/** Longer, shorter, one letter off. */
const CLOSE = [
  ...["n8n2", "xn8n", "n8", "8n", "n", "nn", "n8n8n", "n88n", "n8m", "m8n", "nBn", "n-8-n", "n_8_n", "n.8.n"],
  ...["n8n-postgres", "n8n-1", "n8n.", "n8n-", "n8n_", "-n8n", ".n8n", "n8n:latest", "n8n@sha256:00"],
  ...["postgre", "postgresql", "postgress", "postgres-1", "postgres_1", "postgres2", "p0stgres"],
  ...["qdrnt", "qdrants", "quadrant", "qdrant-1", "home", "assistant", "homeassistant", "home_assistant"],
]

const CASES = ["N8N", "N8n", "n8N", "Postgres", "POSTGRES", "Qdrant", "QDRANT", "Home-Assistant"]

const BLANKS = [
  "n8n ",
  " n8n",
  " n8n ",
  "n8n\t",
  "\tn8n",
  "n8n\u00a0",
  "\u2003n8n",
  "n8n\u3000",
  "n8n\v",
  "n 8 n",
]

/** Letters of other alphabets and widths, what is not seen, and what runs the other way. */
const UNICODE = [
  "\uff4e8n",
  "n\uff18n",
  "\uff4e\uff18\uff4e",
  "n\u2088n",
  "n\u2478n",
  "\ud835\udc5b8\ud835\udc5b",
  "\u0578" + "8n",
  "n8\u0578",
  "n8\u043f",
  "p\u043estgres",
  "postgr\u0435s",
  "\u0440ostgres",
  "po\u0455tgres",
  "qdr\u0430nt",
  "\u051bdrant",
  "qdrant\u200b",
  "q\u200bdrant",
  "qd\u200crant",
  "qdr\u200dant",
  "\ufeffqdrant",
  "qdrant\u2060",
  "qdrant\u00ad",
  "qdrant\u202e",
  "\u202etnardq",
  "\u2067n8n\u2069",
  "n8n\u200e",
  "n8n\u061c",
  "n8n\ufe0f",
  "n8n\u{e0061}",
  "n8n\u0301",
  "n\u03038n",
  "\u00f18n",
  "postgre\u017f",
  "po\ufb06gres",
  "\u212a",
  "n8n\u212a",
  "home\u2010assistant",
  "home\u2013assistant",
  "home\u2212assistant",
  "home\uff0dassistant",
  "home\u00adassistant",
  "home-ass\u0131stant",
  "home-ass\u0130stant",
  "HOME-ASSI\u0307STANT",
  "q\u0501rant",
]

/** Ways of saying a name are for the ear: they are turned into the table's own before the guard, and never by it. */
const ALIASES = [
  ...["n eight n", "n ate n", "en eight en", "the house", "hub one", "lights server", "home assistant"],
  ...["the database", "vector database", "n8n container", "the n8n"],
]

export const nearMatch: readonly AttackCase[] = [
  ...refusals("A2", "unknown-container", ["restart_container"], named([...CLOSE, ...CASES, ...BLANKS])),
  ...refusals("A2", "unknown-container", ["stop_container", "container_status"], named(UNICODE)),
  ...refusals("A2", "unknown-container", ["restart_container"], named(ALIASES)),
]
