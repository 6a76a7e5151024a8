import { nameSyntax } from "./a1-name-syntax.ts"
import { nearMatch } from "./a2-near-match.ts"
import { actions } from "./a4-actions.ts"
import { runAttacks } from "./run-attacks.ts"

runAttacks("A1", "the syntax of names", nameSyntax)
runAttacks("A2", "names that are nearly right", nearMatch)
runAttacks("A4", "actions and arguments", actions)
