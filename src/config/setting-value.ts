import type { Config, NamedSetting } from "./definition.ts"
import { isTable } from "./toml-source.ts"

/** The value that a configuration has for a setting. */
export function settingValue(
  config: Config,
  { section, property }: Pick<NamedSetting, "section" | "property">,
): unknown {
  const sections: Readonly<Record<string, unknown>> = config
  const values = sections[section]
  return isTable(values) ? values[property] : undefined
}
