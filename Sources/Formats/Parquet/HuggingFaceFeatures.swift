/// What Hugging Face's `datasets` notes in a Parquet file about its columns.
enum HuggingFaceFeatures {
  /// The names of the classes of each column that has `ClassLabel` values, alone or in lists.
  static func classNames(_ note: String?, place: String) throws -> [String: [String]] {
    guard let note else { return [:] }
    let json = try JSON(parsing: note, name: "\(place), note \"huggingface\"")
    var names: [String: [String]] = [:]
    for member in json["info"]?["features"]?.object?.members ?? [] {
      names[member.key.text] = classNames(member.value, depth: 0)
    }
    return names
  }

  private static func classNames(_ feature: JSON, depth: Int) -> [String]? {
    if depth > 4 { return nil }
    if feature["_type"]?.string == "ClassLabel", let names = feature["names"]?.array {
      let texts = names.compactMap(\.string)
      return texts.count == names.count ? texts : nil
    }
    // Lists: {"feature": …, "_type": "Sequence"}, or [ … ] in older versions.
    if let inner = feature["feature"] ?? feature.array?.first { return classNames(inner, depth: depth + 1) }
    return nil
  }
}
