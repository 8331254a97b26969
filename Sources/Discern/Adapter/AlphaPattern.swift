import Formats

/// The modules that have an alpha of their own, by PEFT's keys: a whole path behind ^, or the last components of one.
struct AlphaPattern {
  private let entries: [JSONString: (position: Int, alpha: Double)]

  /// Of several keys that name a module the first counts.
  init(_ pattern: [(key: String, alpha: Double)]) {
    let keyed = pattern.enumerated().map { position, entry in
      (JSONString(entry.key), (position: position, alpha: entry.alpha))
    }
    entries = Dictionary(keyed) { first, _ in first }
  }

  /// The alpha of a module; nil where no key names it.
  func alpha(of path: String) -> Double? {
    if entries.isEmpty { return nil }
    var keys = [path, "^" + path]
    for index in path.utf8.indices where path.utf8[index] == UInt8(ascii: ".") {
      keys.append(String(path[path.utf8.index(after: index)...]))
    }
    return keys.compactMap { entries[JSONString($0)] }.min { $0.position < $1.position }?.alpha
  }
}
