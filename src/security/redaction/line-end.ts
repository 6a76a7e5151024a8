let known = { text: "", from: 0, end: 0 }

/**
 * Where the line ends that `from` is in: at its line feed, or at the end of the text. The last line asked for is
 * remembered: a line of a megabyte would be searched again for each of its words.
 */
export const lineEnd = (text: string, from: number): number => {
  if (known.text !== text || from < known.from || from > known.end) {
    const found = text.indexOf("\n", from)
    known = { text, from, end: found < 0 ? text.length : found }
  }
  return known.end
}
