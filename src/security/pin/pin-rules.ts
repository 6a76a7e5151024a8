/**
 * Why a text cannot be a PIN, or undefined: 4 to 12 digits, and none that is guessed first (one digit, a run, a repeated
 * group). The text itself is in no answer.
 */
export function pinProblem(pin: string): string | undefined {
  if (!/^[0-9]{4,12}$/.test(pin)) return "a PIN has 4 to 12 digits, and nothing else"
  if (/^(\d{1,3})\1+$/.test(pin)) return "that PIN repeats itself; choose one that is harder to guess"
  if (isRun(pin, 1) || isRun(pin, -1)) return "that PIN counts up or down; choose one that is harder to guess"
  return undefined
}

/** "1234", "7890", "4321": each digit follows the one before, 0 after 9. */
const isRun = (pin: string, step: 1 | -1): boolean =>
  [...pin].every((digit, at) => at === 0 || (Number(pin[at - 1]) + step + 10) % 10 === Number(digit))
