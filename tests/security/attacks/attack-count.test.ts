import { expect, it } from "vitest"
import { nameSyntax } from "./a1-name-syntax.ts"
import { nearMatch } from "./a2-near-match.ts"
import { identity } from "./a3-identity.ts"
import { actions } from "./a4-actions.ts"
import { mutation } from "./a5-mutation.ts"
import { rate } from "./a6-rate.ts"
import { injection } from "./a7-injection.ts"
import { confirmation } from "./a8-confirmation.ts"
import { exfiltration } from "./a9-exfiltration.ts"
import { failure } from "./a10-failure.ts"
import { cascade } from "./a11-cascade.ts"

const LEAST = 400

it(`at least ${LEAST} concrete attacks, of every class, and no two of the same title`, () => {
  const classes = {
    ...{ A1: nameSyntax, A2: nearMatch, A3: identity, A4: actions, A5: mutation, A6: rate, A7: injection },
    ...{ A8: confirmation, A9: exfiltration, A10: failure, A11: cascade },
  }
  const all = Object.values(classes).flat()
  const counts = Object.entries(classes).map(([of, cases]) => `${of} ${cases.length}`)
  console.info(`attacks: ${counts.join(", ")}; ${all.length} in all`)
  expect(all.length).toBeGreaterThanOrEqual(LEAST)
  for (const [of, cases] of Object.entries(classes)) {
    expect(cases.length, of).toBeGreaterThanOrEqual(10)
    expect(cases.every((each) => each.class === of)).toBe(true)
  }
  const titles = all.map((each) => `${each.class} ${each.what}`)
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([])
})
