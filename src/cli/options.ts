import type { OptionValues } from "./command.ts"

/** An option that takes a text, or undefined where it was not given. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name]
  return typeof value === "string" ? value : undefined
}

/** A switch; commander gives `--no-x` as `x: false`. */
export function switchOption(options: OptionValues, name: string): boolean {
  return options[name] === true
}
