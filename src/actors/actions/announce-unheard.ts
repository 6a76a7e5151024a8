import type { Announcements } from "../../ports/announcements.ts"
import type { ToolReceipt } from "../../ports/tools.ts"

/**
 * What became of a change whose turn was over by then is said when nobody is talking: a container that may take ten minutes
 * to stop outlasts any turn. The sentence is the receipt's own, made of the table's names.
 */
export const announceUnheard =
  (announcements: Pick<Announcements, "announce">) =>
  ({ receiptId, speech }: Pick<ToolReceipt, "receiptId" | "speech">): void =>
    announcements.announce({ id: `outcome ${receiptId}`, text: () => speech, notice: speech })
