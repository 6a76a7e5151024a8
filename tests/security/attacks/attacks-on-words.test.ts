import { injection } from "./a7-injection.ts"
import { exfiltration, secretsPlanted } from "./a9-exfiltration.ts"
import { runAttacks } from "./run-attacks.ts"

runAttacks("A7", "what others write", injection)
runAttacks("A9", "secrets on their way out", exfiltration, secretsPlanted)
