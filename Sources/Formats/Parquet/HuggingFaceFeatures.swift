/// What Hugging Face's `datasets` notes in a Parquet file about its columns.
enum HuggingFaceFeatures {
  /// The most classes of a column.
  static let classLimit = 1 << 16

  /// The names of the classes of each column that has `ClassLabel` values, alone or in lists; each a string.
  static func classNames(_ note: String?, place: String) throws -> [JSONString: [JSON]] {
    guard let note else { return [:] }
    let json = try JSON(parsing: note, name: "\(place), note \"huggingface\"")
    var names: [JSONString: [JSON]] = [:]
    for member in json["info"]?["features"]?.object?.members ?? [] {
      let classes = classNames(member.value, depth: 0)
      guard classes?.count ?? 0 <= classLimit else {
        throw FormatError(
          "\(place), column \(quoted(member.key.text))", found: "\(classes!.count) classes",
          expected: "at most \(classLimit)")
      }
      names[member.key] = classes
    }
    return names
  }

  private static func classNames(_ feature: JSON, depth: Int) -> [JSON]? {
    if depth > 4 { return nil }
    if feature["_type"]?.string == "ClassLabel", let names = feature["names"]?.array {
      return names.allSatisfy { $0.string != nil } ? names : nil
    }
    // Lists: {"feature": …, "_type": "Sequence"}, or [ … ] in older versions.
    if let inner = feature["feature"] ?? feature.array?.first { return classNames(inner, depth: depth + 1) }
    return nil
  }
}
