import { expect, test } from "vitest"
import { announceUnheard } from "../../../src/actors/actions/announce-unheard.ts"
import type { Announcement } from "../../../src/ports/announcements.ts"

test("What became of a change is announced in the receipt's own sentence, each under an id of its own.", () => {
  const announced: Announcement[] = []
  const tell = announceUnheard({ announce: (announcement) => void announced.push(announcement) })
  tell({ receiptId: "a1", speech: "N eight n was restarted and is running." })
  tell({ receiptId: "b2", speech: "Qdrant was restarted and is running." })
  expect(announced.map((each) => [each.id, each.text(), each.notice])).toEqual([
    ["outcome a1", "N eight n was restarted and is running.", "N eight n was restarted and is running."],
    ["outcome b2", "Qdrant was restarted and is running.", "Qdrant was restarted and is running."],
  ])
  expect(announced[0]?.repeatAfterMs).toBeUndefined()
})
