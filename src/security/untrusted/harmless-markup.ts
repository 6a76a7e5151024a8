/** `[INST]`, `[/TOOL_CALLS]`: words in brackets, which are the control tokens of some models. */
const BRACKETED = /\[(\/?[A-Za-z_]{1,32})\]/g

/**
 * Text that no chat template and no tokenizer takes for one of its own marks: `<|im_start|>`, `</s>`, `<tool_call>`,
 * `[INST]`. Not a list of marks but all angle brackets, and every bracketed word, so that it knows those of next year
 * too. Marks of redaction stay as they are.
 */
export const harmlessMarkup = (text: string): string =>
  text
    .replace(/[<＜]/g, "‹")
    .replace(/[>＞]/g, "›")
    .replace(/[｜]/g, "|")
    .replace(/`{3,}/g, "``")
    .replace(/#{2,}/g, "#")
    .replace(BRACKETED, "($1)")
