/// A name from a file, quoted for a message: at most 80 characters, and nothing that a terminal would act upon.
package func quoted(_ name: String) -> String { "\"" + printable(name, limit: 80) + "\"" }

/// A text as a terminal can show it: at most `limit` characters, hardly more bytes than that or 1000, and nothing that
/// a terminal would act upon.
package func printable(_ text: String, limit: Int = 1000) -> String {
  var result = ""
  for (position, scalar) in text.unicodeScalars.enumerated() {
    if position == limit || result.utf8.count >= max(limit, 1000) {
      result += "…"
      break
    }
    // Letters, digits, signs and spaces of ASCII need no look into the tables.
    if (0x20..<0x7F).contains(scalar.value) {
      result.unicodeScalars.append(scalar)
      continue
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// The place of a tensor in a file, for messages.
func tensorPlace(_ file: String, _ name: String) -> String { "\(file), tensor \(quoted(name))" }

/// The error for a tensor that a file does not hold; names the most similar ones that it does.
func missingTensor(_ name: String, in place: String, having names: [String]) -> FormatError {
  let nearest = nearestNames(to: name, in: names).map(quoted).joined(separator: ", ")
  return FormatError(
    place, found: "no tensor \(quoted(name)) among \(names.count)", expected: "that tensor",
    remedy: nearest.isEmpty ? "" : "The most similar names are \(nearest).")
}
